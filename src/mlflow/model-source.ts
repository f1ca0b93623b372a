import { fileURLToPath } from "node:url";
import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import type { House } from "../stage.ts";
import { placeOfFiles } from "../registry/version-files.ts";
import { promptTag, readModel } from "../registry/models.ts";
import { latestVersions } from "../registry/search.ts";
import type { ModelVersion } from "../registry/types.ts";
import { readVersion, stageOf } from "../registry/versions.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { readLoggedModel } from "../tracking/logged-models.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import { invalidParameter } from "./mlflow-error.ts";

export interface Source {
  /** As it is kept: an alias, `latest` or a stage is the version that it is now. */
  readonly source: string;
  /** Where the files lie, with `models:/…` followed. */
  readonly storage: string;
  readonly runId: string | undefined;
  readonly modelId: string | undefined;
}

type Request = Omit<Source, "storage">;

/**
 * Checks where a client says a model's files are, and follows it: what comes from a version, a logged model or a run is of their run, too, and
 * an id that says otherwise is refused. A place on the server's own disk must lie among the files of the run or the logged model it names:
 * else anyone could have the server hand out any file as part of a model.
 */
export async function readSource(house: House, request: Request): Promise<Source> {
  const { source, runId, modelId } = request;
  if (isLocal(source)) {
    const roots: string[] = [];
    if (modelId) roots.push((await readLoggedModel(house.db, modelId)).artifactUri);
    else if (runId) roots.push((await readRunDetails(house.db, runId)).artifactUri);
    if (!(await liesIn(source, roots))) {
      const what = modelId ? "model_id" : "run_id";
      throw invalidParameter(
        `Invalid model version source: '${source}'. To use a local path as a model version source, the ${what} request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the ${what}.`,
      );
    }
    return { ...request, storage: source };
  }
  checkRemote(source);
  const model = /^models:\/(?!\/)(.+)$/.exec(source)?.[1];
  if (model !== undefined) return /^m-[0-9a-f]{32}$/.test(model) ? fromLoggedModel(house, model, request) : fromVersion(house, model, request);
  const run = /^runs:\/([^/]+)/.exec(source)?.[1];
  if (run !== undefined) return { ...request, storage: source, runId: same(request, "run_id", runId, run) };
  return { ...request, storage: source, runId: runId ?? (modelId ? ((await readLoggedModel(house.db, modelId)).sourceRunId ?? undefined) : undefined) };
}

async function fromLoggedModel(house: House, id: string, request: Request): Promise<Source> {
  const modelId = same(request, "model_id", request.modelId, id);
  const model = await readLoggedModel(house.db, id).catch((error: unknown) => {
    throw invalidParameter(`Unable to fetch model from model URI source artifact location '${request.source}'. Error: ${(error as Error).message}`);
  });
  return { source: request.source, storage: model.artifactUri, runId: request.runId ?? model.sourceRunId ?? undefined, modelId };
}

/** A version of a registered model: the new one is of the same run and the same logged model, and has the same files. */
async function fromVersion(house: House, uri: string, request: Request): Promise<Source> {
  const [, name = "", mark, which = ""] = /^([^/@]+)([/@])(.+)$/.exec(uri) ?? [];
  const wrong = (why: string): Error => invalidParameter(`Unable to fetch model from model URI source artifact location '${request.source}'. Error: ${why}`);
  if (mark === undefined) throw wrong(`models:/${uri} names no version: expected models:/<name>/<version>, models:/<name>@<alias>, models:/<name>/latest or models:/<model id>`);
  if ((await readModel(house.db, name)).tags[promptTag]?.toLowerCase() === "true") {
    throw invalidParameter(`Invalid model version source: '${request.source}'. Prompt versions cannot be used as model version sources.`);
  }
  const version = mark === "@" ? await resolveAlias(house.db, name, which) : /^\d+$/.test(which) ? await readVersion(house.db, name, Number(which)) : await newest(house, name, which);
  if (!version) throw wrong(mark === "@" ? `Registered model alias ${which} not found.` : `No versions of model with name '${name}' and stage '${which}' found`);
  const storage = await placeOfFiles(house.db, version);
  return {
    source: `models:/${name}/${version.version}`,
    storage,
    runId: same(request, "run_id", request.runId, version.runId ?? undefined),
    modelId: same(request, "model_id", request.modelId, version.loggedModelId ?? undefined),
  };
}

/** The newest version, or the newest of a stage. */
async function newest(house: House, name: string, which: string): Promise<ModelVersion | undefined> {
  const stage = which.toLowerCase() === "latest" ? undefined : stageOf(which);
  return (await latestVersions(house.db, [name])).findLast((version) => stage === undefined || version.stage === stage);
}

/** The id that belongs to the source; one that the request says must be it. */
function same({ source }: Request, field: "run_id" | "model_id", said: string | undefined, known: string | undefined): string | undefined {
  if (said === undefined || said === known) return known;
  throw invalidParameter(`Invalid model version source: '${source}'. Its ${field} is ${known === undefined ? "not known" : `'${known}'`}, and the request says '${said}': leave ${field} out, or say what the source has.`);
}

/** A path, or a `file:` URI of this machine. */
const isLocal = (source: string): boolean => !/^[a-z][a-z0-9+.-]+:/i.test(source) || /^file:/i.test(source);

async function liesIn(source: string, roots: readonly string[]): Promise<boolean> {
  const path = pathOf(source);
  if (path === undefined) return false;
  for (const root of roots) {
    const folder = isLocal(root) ? pathOf(root) : undefined;
    if (folder === undefined) continue;
    // By its name, and by what the name leads to when a link lies on the way.
    const real = await realpath(path).catch(() => undefined);
    if (inside(path, folder) && (real === undefined || inside(real, await realpath(folder)))) return true;
  }
  return false;
}

const inside = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep);

/** The absolute path of a local source; undefined for a URI of another machine. */
function pathOf(source: string): string | undefined {
  if (!/^file:/i.test(source)) return resolve(source);
  try {
    return resolve(fileURLToPath(source));
  } catch {
    return undefined;
  }
}

/** Refuses paths that lead upwards, also when they are percent-encoded, in the path or the query. */
function checkRemote(source: string): void {
  let text = source;
  for (let last = ""; last !== text; ) {
    last = text;
    if (/[\p{Cc}\\]/u.test(text) || /[#?]/.test(text) || text.split("/").includes("..")) {
      throw invalidParameter(`Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`);
    }
    text = text.replaceAll(/%[0-9a-f]{2}/gi, (part) => (parseInt(part.slice(1), 16) < 128 ? decodeURIComponent(part) : part));
  }
}
