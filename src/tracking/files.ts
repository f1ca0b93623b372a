import { notFound } from "../errors.ts";
import type { BlobInfo } from "../storage/blobs.ts";
import type { Database } from "../storage/database.ts";
import { trackingTables } from "./store.ts";
import type { Artifact } from "./types.ts";

/** An entry of an artifact folder: a file with its size, or a folder. */
export interface FileEntry {
  /** From the owner's root. */
  readonly path: string;
  readonly folder: boolean;
  readonly size: number;
}

/** Says that `owner` (a run, a logged model, a trace) has this content under this path; what was there before is replaced. */
export async function storeFile(db: Database, owner: string, path: string, blob: BlobInfo): Promise<void> {
  const { sha256, size } = blob;
  await trackingTables(db)
    .insertInto("files")
    .values({ owner, path, sha256, size })
    .onConflict((conflict) => conflict.columns(["owner", "path"]).doUpdateSet({ sha256, size }))
    .execute();
}

/** Throws `tracking.artifact_not_found`. */
export async function readFileEntry(db: Database, owner: string, path: string): Promise<Artifact> {
  const found = await trackingTables(db).selectFrom("files").select(["path", "sha256", "size"]).where("owner", "=", owner).where("path", "=", path).executeTakeFirst();
  if (!found) throw notFound("tracking.artifact_not_found", `There is no artifact ${JSON.stringify(path)}${owner === "" ? "" : ` of ${owner}`}`);
  return found;
}

/** What lies in a folder ("" is the root), sorted by path. Empty when there is no such folder, or when the path is a file. */
export async function listFolder(db: Database, owner: string, folder: string): Promise<FileEntry[]> {
  const prefix = folder === "" ? "" : `${folder}/`;
  const entries = new Map<string, FileEntry>();
  for (const file of await below(db, owner, prefix)) {
    const slash = file.path.indexOf("/", prefix.length);
    const path = slash < 0 ? file.path : file.path.slice(0, slash);
    entries.set(path, { path, folder: slash >= 0, size: slash < 0 ? file.size : 0 });
  }
  return [...entries.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** All files below a folder ("" is the root), in folders below it too, sorted by path. */
export async function listFiles(db: Database, owner: string, folder: string): Promise<Artifact[]> {
  return below(db, owner, folder === "" ? "" : `${folder}/`);
}

/** Forgets a file, or a folder with all below it; the content stays in the store. Returns how many files it forgot. */
export async function deleteFiles(db: Database, owner: string, path: string): Promise<number> {
  const paths = [path, ...(await below(db, owner, path === "" ? "" : `${path}/`)).map((file) => file.path)];
  let deleted = 0n;
  for (const one of paths) deleted += (await trackingTables(db).deleteFrom("files").where("owner", "=", owner).where("path", "=", one).executeTakeFirstOrThrow()).numDeletedRows;
  return Number(deleted);
}

const below = async (db: Database, owner: string, prefix: string): Promise<Artifact[]> => {
  let query = trackingTables(db).selectFrom("files").select(["path", "sha256", "size"]).where("owner", "=", owner).orderBy("path");
  // "0" is the character after "/": a range, which the key answers without reading the rest.
  if (prefix !== "") query = query.where("path", ">=", prefix).where("path", "<", `${prefix.slice(0, -1)}0`);
  return query.execute();
};
