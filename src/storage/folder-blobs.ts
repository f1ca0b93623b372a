import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { CheckedFiles, damaged, hashFile } from "../checked-file.ts";
import { describeError, invalid, MillraceError, notFound } from "../errors.ts";
import type { BlobInfo, BlobStore } from "./blobs.ts";
import { openChecked } from "./checked-stream.ts";
import { orDiskFull } from "./disk-full.ts";
import { syncFolder } from "./sync-folder.ts";

/** Blobs in a folder: `<root>/ab/cdef…`, written to `<root>/tmp` first, synced, then renamed into place. */
export function openFolderBlobs(root: string): BlobStore {
  const checked = new CheckedFiles();
  const pathOf = (sha256: string): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw invalid("storage.bad_digest", `A blob is named by 64 hex digits (SHA-256), got ${JSON.stringify(sha256)}`);
    }
    return join(root, sha256.slice(0, 2), sha256.slice(2));
  };

  const place = async (temporary: string, sha256: string, size: number): Promise<BlobInfo> => {
    const target = pathOf(sha256);
    // What is put again is young again: it must not be swept before somebody writes down that it is needed. What is damaged there is mended by it.
    if ((await isWhole(target, sha256)) && (await touch(target))) {
      await rm(temporary);
      await remember(target, sha256);
    } else {
      await touch(temporary);
      const created = await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      await syncFolder(dirname(target));
      // A new folder is an entry of its parent, which must reach the disk too.
      if (created !== undefined) await syncFolder(root);
      // Counted and hashed as it was written.
      await remember(target, sha256);
    }
    return { sha256, size };
  };

  const newTemporary = async (): Promise<string> => {
    await mkdir(join(root, "tmp"), { recursive: true }).catch((error: unknown) => Promise.reject(orDiskFull(error, root)));
    return join(root, "tmp", randomUUID());
  };

  const existing = async (sha256: string, of?: string): Promise<string> => {
    const path = pathOf(sha256);
    if ((await exists(path)) || (await putBack(sha256))) return path;
    if (of === undefined) throw notFound("storage.blob_not_found", `There is no blob ${sha256} in ${root}`);
    throw new MillraceError("storage.blob_missing", 500, `${of} is gone: there is no file ${path}. ${mend}`, { details: { path } });
  };

  const damage = (sha256: string, of = `blob ${sha256}`) => (what: string): MillraceError =>
    new MillraceError("storage.blob_damaged", 500, `${of} is damaged: the file ${pathOf(sha256)} is not what its name says, ${what}. ${mend}`, { details: { path: pathOf(sha256) } });

  /** The path of what is there and whole. */
  const whole = async (sha256: string, of?: string): Promise<string> => {
    const path = await existing(sha256, of);
    const what = await readable(path, of ?? `blob ${sha256}`, checked.damageOf(path, sha256));
    if (what === undefined) return path;
    throw damage(sha256, of)(what);
  };

  const isWhole = (path: string, sha256: string): Promise<boolean> =>
    checked.damageOf(path, sha256).then(
      (what) => what === undefined,
      () => false,
    );

  const remember = async (path: string, sha256: string): Promise<void> => {
    const state = await stat(path, { bigint: true }).catch(() => undefined);
    if (state) checked.add(path, sha256, state);
  };

  const asideOf = (sha256: string): string => join(root, "tmp", `removing-${sha256}`);

  /** A removal that a crash cut off had taken it aside. */
  const putBack = (sha256: string): Promise<boolean> => unlessMissing(rename(asideOf(sha256), pathOf(sha256)));

  return {
    async put(content) {
      const temporary = await newTemporary();
      const hash = createHash("sha256");
      let size = 0;
      const file = await open(temporary, "wx").catch((error: unknown) => Promise.reject(orDiskFull(error, root)));
      try {
        // Not destroyed when it is left early: a request whose body is read no more is still answered.
        for await (const chunk of content instanceof Readable ? content.iterator({ destroyOnReturn: false }) : [content]) {
          hash.update(chunk as Uint8Array);
          size += (chunk as Uint8Array).byteLength;
          await file.writeFile(chunk as Uint8Array);
        }
        await file.sync();
      } catch (error) {
        await file.close();
        await rm(temporary, { force: true });
        throw orDiskFull(error, root);
      }
      await file.close();
      return place(temporary, hash.digest("hex"), size);
    },
    async putFile(path, options) {
      let moved = false;
      const temporary = await newTemporary();
      try {
        // A file of the store has the modes of one that is made here, whatever those of the file it comes from.
        const made = await open(temporary, "wx");
        const { mode } = await made.stat();
        await made.close();
        // A rename fails from another file system; then the content is copied.
        moved = options?.move === true && (await rename(path, temporary).then(() => true, () => false));
        if (!moved) await copyFile(path, temporary);
        await chmod(temporary, mode);
        const { sha256, size } = (moved ? options?.written : undefined) ?? (await hashFile(temporary));
        const file = await open(temporary, "r+");
        await file.sync();
        await file.close();
        return await place(temporary, sha256, size);
      } catch (error) {
        await rm(temporary, { force: true });
        throw orDiskFull(error, root);
      }
    },
    async get(sha256, of) {
      const path = await existing(sha256, of);
      const [state, content] = await readable(path, of ?? `blob ${sha256}`, Promise.all([stat(path, { bigint: true }), readFile(path)]));
      if (checked.has(path, sha256, state)) return content;
      const found = createHash("sha256").update(content).digest("hex");
      if (found !== sha256) throw damage(sha256, of)(damaged({ sha256: found, size: content.byteLength }));
      checked.add(path, sha256, state);
      return content;
    },
    async stream(sha256, { of, size, part } = {}) {
      // Of a part alone nobody can tell whether it is right.
      if (part) return createReadStream(await whole(sha256, of), { start: part.from, end: part.to });
      const path = await existing(sha256, of);
      return readable(path, of ?? `blob ${sha256}`, openChecked(path, sha256, checked, damage(sha256, of), size));
    },
    has: async (sha256) => (await exists(pathOf(sha256))) || putBack(sha256),
    async *list() {
      for (const left of await names(join(root, "tmp"))) if (left.startsWith("removing-")) await putBack(left.slice("removing-".length));
      for (const folder of await names(root)) {
        if (!/^[0-9a-f]{2}$/.test(folder)) continue;
        for (const rest of await names(join(root, folder))) {
          if (!/^[0-9a-f]{62}$/.test(rest)) continue;
          const { size, mtimeMs } = await stat(join(root, folder, rest));
          yield { sha256: `${folder}${rest}`, size, storedAt: mtimeMs };
        }
      }
    },
    async remove(sha256, before) {
      const [path, aside] = [pathOf(sha256), asideOf(sha256)];
      const old = async (file: string): Promise<boolean> => (await stat(file)).mtimeMs < before;
      if (!(await exists(path)) || !(await old(path))) return false;
      await mkdir(dirname(aside), { recursive: true });
      // Taken aside and looked at again: a put that came between found it (and made it young), or did not and brings its own.
      if (!(await unlessMissing(rename(path, aside)))) return false;
      if (!(await old(aside))) return !(await putBack(sha256));
      await rm(aside);
      return true;
    },
    localPath: whole,
  };
}

const mend = "Put the file there again from a copy of this folder, or store its content once more";

/** What a file is asked for; where the system refuses, says of what and why. */
const readable = async <T>(path: string, of: string, asked: Promise<T>): Promise<T> =>
  asked.catch((error: unknown) => {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError("storage.blob_unreadable", 500, `${of} cannot be read: the system does not give the file ${path} (${describeError(error)})`, { cause: error, details: { path } });
  });

const touch = (path: string): Promise<boolean> => unlessMissing(utimes(path, new Date(), new Date()));

/** Whether it could be done; false when the file is not there. */
const unlessMissing = (done: Promise<void>): Promise<boolean> =>
  done.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );

/** What lies in a folder; nothing when it is not there. */
const names = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}
