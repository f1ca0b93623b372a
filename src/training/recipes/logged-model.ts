import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { MillraceError } from "../../errors.ts";
import { callTracking } from "./tracked-run.ts";

/** The run whose models are looked for. */
export interface LoggingRun {
  /** The address of the tracking server. */
  readonly server: string;
  readonly runId: string;
  readonly experimentId: string;
  /** When the command began, ms: an attempt before it may have logged to the same run. */
  readonly since: number;
}

interface LoggedInfo {
  readonly model_id: string;
  readonly name: string;
  readonly artifact_uri: string;
  readonly creation_timestamp_ms: string | number;
}

/** Folders of a run are looked into so deep. */
const deepest = 3;

/**
 * Takes the models that a command logged to its run by `mlflow.<flavor>.log_model` into a folder, each in a folder of its own: as logged models (MLflow 3), or
 * as folders among the run's artifacts (MLflow 2).
 *
 * @throws `training.tracking_refused`
 */
export async function fetchLoggedModels({ server, runId, experimentId, since }: LoggingRun, into: string): Promise<void> {
  const { models = [] } = (await callTracking(server, "logged-models/search", { experiment_ids: [experimentId], filter: `source_run_id = '${runId}'` })) as { models?: { info: LoggedInfo }[] };
  const fresh = models.map(({ info }) => info).filter(({ creation_timestamp_ms }) => Number(creation_timestamp_ms) >= since);
  for (const { name, model_id, artifact_uri } of fresh) await fetchFolder(server, pathOf(artifact_uri), join(into, /^[\w .-]+$/.test(name) && !/^\.+$/.test(name) ? name : model_id));
  if (fresh.length > 0) return;
  const { run } = (await callTracking(server, `runs/get?run_id=${encodeURIComponent(runId)}`)) as { run: { info: { artifact_uri: string } } };
  for (const folder of await modelFolders(server, pathOf(run.info.artifact_uri), deepest)) await fetchFolder(server, folder, join(into, folder.split("/").at(-1)!));
}

interface Entry {
  readonly path: string;
  readonly is_dir?: boolean;
}

/** Folders below a path that hold an MLmodel; nothing below these. */
async function modelFolders(server: string, path: string, depth: number): Promise<string[]> {
  const entries = await list(server, path);
  if (entries.some(({ path: name }) => name === "MLmodel")) return [path];
  if (depth === 0) return [];
  const below = await Promise.all(entries.filter(({ is_dir }) => is_dir).map(({ path: name }) => modelFolders(server, `${path}/${name}`, depth - 1)));
  return below.flat();
}

async function fetchFolder(server: string, path: string, into: string): Promise<void> {
  for (const { path: name, is_dir } of await list(server, path)) {
    if (is_dir) {
      await fetchFolder(server, `${path}/${name}`, join(into, name));
      continue;
    }
    const response = await fetch(`${server}/api/2.0/mlflow-artifacts/artifacts/${encoded(`${path}/${name}`)}`);
    if (!response.ok || !response.body) throw new MillraceError("training.tracking_refused", 500, `The tracking server at ${server} answered ${response.status} to the file ${name} of the logged model`);
    const target = join(into, name);
    await mkdir(dirname(target), { recursive: true });
    await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(target));
  }
}

async function list(server: string, path: string): Promise<readonly Entry[]> {
  const { files = [] } = (await callTracking(server, `mlflow-artifacts/artifacts?path=${encodeURIComponent(path)}`, undefined, "")) as { files?: readonly Entry[] };
  return files.filter(({ path: name }) => name !== "" && !name.includes("/") && name !== "." && name !== "..");
}

const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** The path of files that lie with the server itself. */
function pathOf(uri: string): string {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/.exec(uri)?.[1];
  if (path !== undefined) return path;
  throw new MillraceError("training.no_model", 400, `The command logged a model to ${uri}, outside of this server's artifact store (--artifact-root): leave it in "model_dir" of MILLRACE_JOB`);
}
