import { placeOfFiles } from "../registry/version-files.ts";
import { readVersion } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { listFolder } from "../tracking/files.ts";
import { readLoggedModel } from "../tracking/logged-models.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import { listArtifactFolder } from "./artifact-folder.ts";
import { placeOfRoot, safePath, type Place } from "./artifact-path.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { orElse, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { runFields, runIdOf } from "./runs.ts";

/** What lies in a folder, as `{path, is_dir, file_size}`; `nameOf` gives the path as the answer has it. */
export async function fileMessages(house: House, place: Place, nameOf: (path: string) => string): Promise<object[]> {
  const entries = place.folder === undefined ? await listFolder(house.db, place.owner, place.path) : await listArtifactFolder(place.folder, place.path);
  return entries.map(({ path, folder, size }) => ({ path: nameOf(path), is_dir: folder, file_size: folder ? undefined : size }));
}

/** What lies below a path of an artifact root, told from that root. */
export async function listBelow(house: House, uri: string, path: string): Promise<object> {
  const plain = safePath(path);
  const place = placeOfRoot(house.settings.artifactRoot, uri, plain);
  const depth = place.path.length - plain.length;
  return { root_uri: uri, files: await fileMessages(house, place, (file) => file.slice(depth)) };
}

/** The place of a file of a run. */
export async function placeInRun(house: House, runId: string, path: string): Promise<Place> {
  const plain = safePath(path);
  return placeOfRoot(house.settings.artifactRoot, (await readRunDetails(house.db, runId)).artifactUri, plain);
}

export const artifactRpcs: readonly Rpc[] = [
  rpc("GET", "2.0/mlflow/artifacts/list", { ...runFields, path: orElse(string, ""), page_token: string }, async (house, request) => {
    safePath(request.path);
    return listBelow(house, (await readRunDetails(house.db, runIdOf(request))).artifactUri, request.path);
  }),
];

type Query = Readonly<Record<string, unknown>>;

/** A text of a query; undefined when it is missing or empty. */
const textOf = (query: Query, name: string): string | undefined => (typeof query[name] === "string" && query[name] !== "" ? query[name] : undefined);

function pathOf(query: Query, name = "path"): string {
  const path = textOf(query, name);
  if (path === undefined) throw invalidParameter(`Request must specify ${name}.`);
  return safePath(path);
}

/** The place of the file that `GET /get-artifact` asks for. */
export async function placeOfRunFile(house: House, query: Query): Promise<Place> {
  const path = pathOf(query);
  return placeInRun(house, runIdOf({ run_id: textOf(query, "run_id"), run_uuid: textOf(query, "run_uuid") }), path);
}

/** The place of the file that `GET /model-versions/get-artifact` asks for. */
export async function placeOfVersionFile(house: House, query: Query): Promise<Place> {
  const path = pathOf(query);
  const [name, version] = [textOf(query, "name"), Number(textOf(query, "version"))];
  if (name === undefined || !Number.isInteger(version)) throw invalidParameter("Request must specify name and version.");
  return placeOfRoot(house.settings.artifactRoot, await placeOfFiles(house.db, await readVersion(house.db, name, version)), path);
}

/** The place of a file of a logged model. */
export async function placeOfModelFile(house: House, id: string, query: Query): Promise<Place> {
  const path = pathOf(query, "artifact_file_path");
  return placeOfRoot(house.settings.artifactRoot, (await readLoggedModel(house.db, id)).artifactUri, path);
}
