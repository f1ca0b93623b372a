import { createHash, randomUUID } from "node:crypto";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { damaged } from "../../checked-file.ts";
import { conflict, describeError, invalid, MillraceError, notFound } from "../../errors.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { openFolderBlobs } from "../../storage/folder-blobs.ts";
import { onDisk } from "../../storage/disk-full.ts";
import { syncFolder } from "../../storage/sync-folder.ts";
import { tryLock } from "../../storage/home-lock.ts";
import type { BackupStore } from "./backup-store.ts";
import { openHashers, type Hashers } from "./hashers.ts";
import { contentsOf, decodeManifest, encodeManifest, timeOf, type Manifest } from "./manifest.ts";
import { openSettling } from "./settle-contents.ts";

/** What marks a folder as one of backups, so that no other is written to or swept. */
const mark = "millrace-backups";

/**
 * Backups in a folder: `contents/ab/cdef…` by SHA-256, shared by all, and `moments/<id>.json`, each the list of one. A list is written last, in one step, when all
 * that it names is on the disk: what a crash leaves is contents that no list names.
 */
export async function openFolderStore(place: string, writing: boolean): Promise<BackupStore> {
  const [moments, scratch] = [join(place, "moments"), join(place, "tmp")];
  await checkPlace(place, writing);
  let release: () => void = () => undefined;
  if (writing) {
    // The mark before all else: what is cut off from here on, by a full disk or a crash, is a folder of backups.
    await mkdir(place, { recursive: true, mode: 0o700 });
    await writeDurably(join(place, mark), "Backups of a Millrace home: `millrace backup` writes here, `millrace restore` reads. Every file in contents/ is named by its SHA-256.\n");
    for (const folder of [moments, scratch]) await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = tryLock(join(place, "lock"));
    if (!lock) throw conflict("maintenance.backup_in_use", `Another backup is being written to ${place}; wait for it`);
    release = () => lock.close();
    for (const left of await readdir(scratch)) await rm(join(scratch, left), { recursive: true });
  }
  const contents = openFolderBlobs(join(place, "contents"));
  const fileOf = (sha256: string): string => join(place, "contents", sha256.slice(0, 2), sha256.slice(2));
  const ids = async (): Promise<string[]> => (await readdir(moments).catch(() => [])).flatMap((name) => (name.endsWith(".json") && timeOf(name.slice(0, -5)) !== undefined ? [name.slice(0, -5)] : [])).toSorted();
  const read = async (id: string): Promise<Manifest> => {
    const file = join(moments, `${id}.json`);
    return decodeManifest(await readFile(file, "utf8"), file);
  };
  const has = async ({ sha256, size }: BlobInfo): Promise<boolean> => (await stat(fileOf(sha256)).catch(() => undefined))?.size === size;
  const hashers = openHashers();
  // A content gets its name when it is on the disk: what has a name is whole, also after the power has failed.
  const settling = openSettling(fileOf);
  const newFile = (): string => join(scratch, randomUUID());
  return {
    place,
    scratch,
    ids,
    read,
    has,
    put: async (content) => {
      const info = { sha256: createHash("sha256").update(content).digest("hex"), size: content.byteLength };
      if (settling.has(info.sha256) || (await has(info))) return info;
      const coming = newFile();
      await onDisk(place, async () => {
        await writeFile(coming, content, { mode: 0o600 });
        await settling.add(coming, info);
      });
      return info;
    },
    putFile: (path) =>
      onDisk(place, async () => {
        const coming = newFile();
        await copyFile(path, coming);
        const info = await hashers.hash({ path: coming });
        await settling.add(coming, info);
        return info;
      }),
    commit: async (manifest) => {
      await onDisk(place, () => settling.finish());
      const file = join(moments, `${manifest.id}.json`);
      if (await stat(file).catch(() => undefined)) throw conflict("maintenance.backup_exists", `There is a backup of that moment already: ${file}`);
      await onDisk(place, () => writeDurably(file, encodeManifest(manifest)));
    },
    get: ({ sha256 }) => contents.get(sha256).catch((error: unknown) => Promise.reject(wrongContent(fileOf(sha256), describeError(error)))),
    hash: hashers.hash,
    take: (content, path) => onDisk(dirname(path), () => takeFile(fileOf(content.sha256), content, path, hashers)),
    pathOf: async (sha256) => ((await stat(fileOf(sha256)).catch(() => undefined)) ? fileOf(sha256) : undefined),
    forget: async (gone) => {
      for (const id of gone) await rm(join(moments, `${id}.json`), { force: true });
      const needed = new Set<string>();
      // A list that cannot be read names nobody knows what: then nothing is swept.
      for (const id of await ids()) for (const { sha256 } of contentsOf(await read(id))) needed.add(sha256);
      const swept = { count: 0, bytes: 0 };
      for await (const { sha256, size } of contents.list()) {
        if (needed.has(sha256)) continue;
        await rm(fileOf(sha256));
        swept.count++;
        swept.bytes += size;
      }
      return swept;
    },
    close: async () => {
      await hashers.close();
      release();
    },
  };
}

async function checkPlace(place: string, writing: boolean): Promise<void> {
  const found = await readdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw invalid("maintenance.bad_backup_place", `${place} cannot be used for backups (${error.message}); name a folder, or a file that ends in .tar`);
  });
  if (found === undefined && !writing) throw notFound("maintenance.no_backup", `There is no backup at ${place}`);
  // A mark that could not be written to its end is a beginning.
  if (found === undefined || found.includes(mark) || (writing && found.every((name) => name === `${mark}.tmp`))) return;
  if (writing) throw conflict("maintenance.bad_backup_place", `The folder ${place} holds something else than backups; name one that is empty or new`);
  throw notFound("maintenance.no_backup", `There is no backup at ${place}: the folder holds something else`);
}

/** Copies by the system, and reads what was written. */
async function takeFile(from: string, { sha256, size }: BlobInfo, to: string, hashers: Hashers): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to).catch((error: NodeJS.ErrnoException) => Promise.reject(error.code === "ENOENT" ? wrongContent(from, "it is gone") : error));
  const found = await hashers.hash({ path: to });
  if (found.sha256 !== sha256 || found.size !== size) throw wrongContent(from, damaged(found));
  const handle = await open(to, "r+");
  await handle.chmod(0o600);
  await handle.sync();
  await handle.close();
}

const wrongContent = (path: string, what: string): MillraceError =>
  new MillraceError("maintenance.backup_damaged", 500, `The backup is damaged: ${path} is not what its name says: ${what}. Take an earlier moment, or another backup`, { details: { path } });

/** A small file, whole or not at all, on the disk when this returns. */
async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.tmp`, "w", 0o600);
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
  await rename(`${file}.tmp`, file);
  await syncFolder(dirname(file));
}
