import type { House } from "../stage.ts";
import { listFolder, readFileEntry } from "../tracking/files.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import { placeOfRoot, safePath, type Place } from "./artifact-path.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { orElse, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { runFields, runIdOf } from "./runs.ts";

/** What lies in a folder, as `{path, is_dir, file_size}`; `nameOf` gives the path as the answer has it. */
export async function fileMessages(house: House, place: Place, nameOf: (path: string) => string): Promise<object[]> {
  const entries = await listFolder(house.db, place.owner, place.path);
  return entries.map(({ path, folder, size }) => ({ path: nameOf(path), is_dir: folder, file_size: folder ? undefined : size }));
}

/** The place of a file of a run. */
export async function placeInRun(house: House, runId: string, path: string): Promise<Place> {
  const plain = safePath(path);
  return placeOfRoot((await readRunDetails(house.db, runId)).artifactUri, plain);
}

export const artifactRpcs: readonly Rpc[] = [
  rpc("GET", "2.0/mlflow/artifacts/list", { ...runFields, path: orElse(string, ""), page_token: string }, async (house, request) => {
    const path = safePath(request.path);
    const run = await readRunDetails(house.db, runIdOf(request));
    const place = placeOfRoot(run.artifactUri, path);
    const depth = place.path.length - path.length;
    return { root_uri: run.artifactUri, files: await fileMessages(house, place, (file) => file.slice(depth)) };
  }),
];

/** The place of the file that `GET /get-artifact` asks for; throws when there is none. */
export async function placeOfRequest(house: House, query: Readonly<Record<string, unknown>>): Promise<Place> {
  const text = (name: string): string | undefined => (typeof query[name] === "string" && query[name] !== "" ? query[name] : undefined);
  const path = text("path");
  if (path === undefined) throw invalidParameter("Request must specify path.");
  safePath(path);
  const place = await placeInRun(house, runIdOf({ run_id: text("run_id"), run_uuid: text("run_uuid") }), path);
  await readFileEntry(house.db, place.owner, place.path);
  return place;
}
