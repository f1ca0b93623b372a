import { createWriteStream } from "node:fs";
import { lstat, mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { orDiskFull } from "../storage/disk-full.ts";
import { foldersOf, nameTaken, type FileEntry } from "../tracking/files.ts";
import { invalidParameter, missingResource } from "./mlflow-error.ts";

/** What lies in a folder of an artifact root that is a folder of this machine; paths from the root, sorted. Nothing when it is not there. */
export async function listArtifactFolder(root: string, path: string): Promise<FileEntry[]> {
  const folder = await within(root, path);
  if (folder === undefined || !(await lstat(folder)).isDirectory()) return [];
  const entries = await Promise.all(
    (await readdir(folder)).toSorted().map(async (name) => {
      const below = path === "" ? name : `${path}/${name}`;
      const file = await within(root, below);
      if (file === undefined) return [];
      const known = await lstat(file);
      return [{ path: below, folder: known.isDirectory(), size: known.isDirectory() ? 0 : known.size }];
    }),
  );
  return entries.flat();
}

/** The file on this machine and its size. Throws RESOURCE_DOES_NOT_EXIST. */
export async function artifactFile(root: string, path: string): Promise<{ readonly file: string; readonly size: number }> {
  const file = await within(root, path);
  const known = file === undefined ? undefined : await lstat(file);
  if (file === undefined || known?.isFile() !== true) throw missingResource(`There is no artifact ${JSON.stringify(path)}`);
  return { file, size: known.size };
}

/** Writes a file under the root: whole or not at all. Throws `tracking.artifact_name_taken` where a file stands for a folder, or a folder for it. */
export async function writeArtifact(root: string, path: string, content: Readable, part: string): Promise<void> {
  const target = join(root, path);
  try {
    await requireFolders(root, path);
    if ((await stat(target).catch(() => undefined))?.isDirectory() === true) throw nameTaken(path, path, "folder");
    await mkdir(dirname(target), { recursive: true });
    if ((await within(root, path.includes("/") ? dirname(path) : "")) === undefined) throw invalidParameter("Invalid path");
  } catch (error) {
    // What the client is still sending is read, so that it comes to read the answer.
    for await (const _ of content);
    throw error;
  }
  const temporary = `${target}.${part}.part`;
  try {
    await pipeline(content, createWriteStream(temporary, { flags: "wx", flush: true }));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw orDiskFull(error, root);
  }
}

/** Refuses a path that leads through a file, or through a link out of the root: before a folder is made there. */
async function requireFolders(root: string, path: string): Promise<void> {
  for (const folder of foldersOf(path)) {
    if ((await lstat(join(root, folder)).catch(() => undefined)) === undefined) return;
    const real = await within(root, folder);
    if (real === undefined) throw invalidParameter("Invalid path");
    if (!(await lstat(real)).isDirectory()) throw nameTaken(path, folder, "file");
  }
}

/** The real path of what lies below the root; undefined when there is nothing, or when a link leads out of the root. */
async function within(root: string, path: string): Promise<string | undefined> {
  const real = await realpath(join(root, path)).catch(() => undefined);
  const realRoot = await realpath(root).catch(() => undefined);
  if (real === undefined || realRoot === undefined) return undefined;
  return real === realRoot || real.startsWith(realRoot + sep) ? real : undefined;
}
