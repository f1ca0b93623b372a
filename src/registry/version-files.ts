import type { House } from "../stage.ts";
import type { Database } from "../storage/database.ts";
import { listFiles } from "../tracking/files.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import type { Artifact } from "../tracking/types.ts";
import { filesOf } from "../training/model-files.ts";
import type { ModelVersion } from "./types.ts";

/** Where rows and contents lie. */
export type Shelves = Pick<House, "db" | "blobs">;

/** Whose files a version's are (a run, a logged model) and in which folder; undefined when they lie outside of the artifact store. */
export function folderOf({ storage }: Pick<ModelVersion, "storage">): { readonly owner: string; readonly folder: string } | undefined {
  const root = /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/.exec(storage)?.[1];
  const match = root === undefined ? /^runs:\/([^/]+)(?:\/(.*))?$/.exec(storage) : /^[^/]+\/(?:models\/)?([^/]+)\/artifacts(?:\/(.*))?$/.exec(root);
  return match ? { owner: match[1], folder: (match[2] ?? "").replace(/\/+$/, "") } : undefined;
}

/** Where the files of a version that was trained here lie among those of its run. */
export const registeredFolder = "model";

/** Where clients of MLflow find a version's files. Of one that was trained here before these lay in a folder of their own, the whole of its run. */
export async function placeOfFiles(db: Database, version: ModelVersion): Promise<string> {
  if (version.origin === "client") return version.storage;
  const { artifactUri } = await readRunDetails(db, version.runId);
  return version.source.endsWith(`/${registeredFolder}`) ? `${artifactUri}/${registeredFolder}` : artifactUri;
}

/** The files of a version, by their paths in its folder; undefined when they lie outside of the artifact store. */
export async function listVersionFiles(db: Database, version: ModelVersion): Promise<Artifact[] | undefined> {
  if (version.origin === "trained") return filesOf(version.artifact);
  const place = folderOf(version);
  if (!place) return undefined;
  const files = await listFiles(db, place.owner, place.folder);
  const depth = place.folder === "" ? 0 : place.folder.length + 1;
  return files.map((file) => ({ ...file, path: file.path.slice(depth) }));
}

/** A file of a version in words, as errors about its content name it. */
export const versionFile = ({ model, version }: Pick<ModelVersion, "model" | "version">, path: string): string => `file ${JSON.stringify(path)} of version ${version} of ${model}`;

/** A small file among these as text; undefined when it is not there, or larger than `most` bytes. */
export async function readSmallFile({ blobs }: Pick<Shelves, "blobs">, files: readonly Artifact[], path: string, most = 4 << 20): Promise<string | undefined> {
  const file = files.find((one) => one.path === path);
  return file && file.size <= most ? (await blobs.get(file.sha256, `file ${JSON.stringify(path)} of the model`)).toString("utf8") : undefined;
}
