import { fileURLToPath } from "node:url";
import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import type { House } from "../stage.ts";
import { readVersion } from "../registry/versions.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { readLoggedModel } from "../tracking/logged-models.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import { invalidParameter } from "./mlflow-error.ts";

export interface Source {
  /** Where the files lie, with `models:/…` followed. */
  readonly storage: string;
  readonly runId: string | undefined;
}

/**
 * Checks where a client says a model's files are, and follows it. A place on the server's own disk must lie among the files of the run
 * or the logged model it names: else anyone could have the server hand out any file as part of a model.
 */
export async function readSource(house: House, request: { readonly source: string; readonly runId: string | undefined; readonly modelId: string | undefined }): Promise<Source> {
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
    return { storage: source, runId };
  }
  checkRemote(source);
  const model = /^models:\/(?!\/)(.+)$/.exec(source)?.[1];
  if (model !== undefined) {
    try {
      return await followModel(house, model, runId);
    } catch (error) {
      throw invalidParameter(`Unable to fetch model from model URI source artifact location '${source}'. Error: ${(error as Error).message}`);
    }
  }
  return { storage: source, runId: runId ?? (modelId ? ((await readLoggedModel(house.db, modelId)).sourceRunId ?? undefined) : undefined) };
}

async function followModel(house: House, uri: string, runId: string | undefined): Promise<Source> {
  if (/^m-[0-9a-f]{32}$/.test(uri)) {
    const model = await readLoggedModel(house.db, uri);
    return { storage: model.artifactUri, runId: runId ?? model.sourceRunId ?? undefined };
  }
  const [, name = "", mark, which = ""] = /^([^/@]+)([/@])(.+)$/.exec(uri) ?? [];
  const version = mark === "@" ? await resolveAlias(house.db, name, which) : /^\d+$/.test(which) ? await readVersion(house.db, name, Number(which)) : undefined;
  if (!version) throw invalidParameter(`models:/${uri} names no version: expected models:/<name>/<version>, models:/<name>@<alias> or models:/<model id>`);
  return { storage: version.storage, runId };
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
