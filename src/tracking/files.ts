import { invalid, notFound, type MillraceError } from "../errors.ts";
import type { BlobInfo } from "../storage/blobs.ts";
import type { Database } from "../storage/database.ts";
import { lock } from "../storage/transactions.ts";
import { trackingTables } from "./store.ts";
import type { Artifact } from "./types.ts";

/** An entry of an artifact folder: a file with its size, or a folder. */
export interface FileEntry {
  /** From the owner's root. */
  readonly path: string;
  readonly folder: boolean;
  readonly size: number;
}

/**
 * Says that `owner` (a run, a logged model, a trace) has this content under this path; what was there before is replaced. Call it in a transaction.
 * Throws `tracking.artifact_name_taken` (`requireFree`).
 */
export async function storeFile(db: Database, owner: string, path: string, blob: BlobInfo): Promise<void> {
  const { sha256, size } = blob;
  await lock(db, `tracking.files ${owner}`);
  await requireFree(db, owner, path);
  await trackingTables(db)
    .insertInto("files")
    .values({ owner, path, sha256, size })
    .onConflict((conflict) => conflict.columns(["owner", "path"]).doUpdateSet({ sha256, size }))
    .execute();
}

/** A name is a file or a folder, as where the files are taken down to. Throws `tracking.artifact_name_taken` when a file may not have this path. */
export async function requireFree(db: Database, owner: string, path: string): Promise<void> {
  const folders = foldersOf(path);
  const files = trackingTables(db).selectFrom("files").select("path").where("owner", "=", owner).limit(1);
  const above = folders.length === 0 ? undefined : await files.where("path", "in", folders).executeTakeFirst();
  if (above) throw nameTaken(path, above.path, "file");
  const [from, to] = rangeOf(path);
  if (await files.where("path", ">=", from).where("path", "<", to).executeTakeFirst()) throw nameTaken(path, path, "folder");
}

/** The folders that a path leads through: of `a/b/c` these are `a` and `a/b`. */
export const foldersOf = (path: string): string[] => path.split("/").slice(0, -1).map((_, at, parts) => parts.slice(0, at + 1).join("/"));

/** `path` cannot be written: `taken`, which is it or leads to it, is something else already. */
export const nameTaken = (path: string, taken: string, as: "file" | "folder"): MillraceError =>
  invalid(
    "tracking.artifact_name_taken",
    `The artifact ${JSON.stringify(path)} cannot be stored: ${JSON.stringify(taken)} is a ${as} here already, and a name is a file or a folder. Choose another name, or delete the ${as} first`,
  );

/** An artifact in words, as errors about its content name it. */
export const artifactName = (owner: string, path: string): string => `artifact ${JSON.stringify(path)}${owner === "" ? "" : ` of ${owner}`}`;

/** Throws `tracking.artifact_not_found`. */
export async function readFileEntry(db: Database, owner: string, path: string): Promise<Artifact> {
  const found = await trackingTables(db).selectFrom("files").select(["path", "sha256", "size"]).where("owner", "=", owner).where("path", "=", path).executeTakeFirst();
  if (!found) throw notFound("tracking.artifact_not_found", `There is no ${artifactName(owner, path)}`);
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
  const [from, to] = rangeOf(prefix.slice(0, -1));
  if (prefix !== "") query = query.where("path", ">=", from).where("path", "<", to);
  return query.execute();
};

/** What lies below a folder, as a range of paths, which the key answers without reading the rest: "0" is the character after "/". */
const rangeOf = (folder: string): readonly [string, string] => [`${folder}/`, `${folder}0`];

/** Who has a content, and under which path; at most a hundred. */
export async function filesOfContent(db: Database, sha256: string): Promise<{ owner: string; path: string }[]> {
  return trackingTables(db).selectFrom("files").select(["owner", "path"]).where("sha256", "=", sha256).orderBy("owner").limit(100).execute();
}
