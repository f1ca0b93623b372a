import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { invalid, notFound } from "../errors.ts";
import type { BlobInfo, BlobStore } from "./blobs.ts";

/** Blobs in a folder: `<root>/ab/cdef…`, written to `<root>/tmp` first, synced, then renamed into place. */
export function openFolderBlobs(root: string): BlobStore {
  const pathOf = (sha256: string): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw invalid("storage.bad_digest", `A blob is named by 64 hex digits (SHA-256), got ${JSON.stringify(sha256)}`);
    }
    return join(root, sha256.slice(0, 2), sha256.slice(2));
  };

  const place = async (temporary: string, sha256: string, size: number): Promise<BlobInfo> => {
    const target = pathOf(sha256);
    if (await exists(target)) await rm(temporary);
    else {
      const created = await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      await syncFolder(dirname(target));
      // A new folder is an entry of its parent, which must reach the disk too.
      if (created !== undefined) await syncFolder(root);
    }
    return { sha256, size };
  };

  const newTemporary = async (): Promise<string> => {
    await mkdir(join(root, "tmp"), { recursive: true });
    return join(root, "tmp", randomUUID());
  };

  const existing = async (sha256: string): Promise<string> => {
    const path = pathOf(sha256);
    if (!(await exists(path))) throw notFound("storage.blob_not_found", `There is no blob ${sha256} in ${root}`);
    return path;
  };

  return {
    async put(content) {
      const temporary = await newTemporary();
      const hash = createHash("sha256");
      let size = 0;
      const file = await open(temporary, "wx");
      try {
        for await (const chunk of content instanceof Readable ? content : [content]) {
          hash.update(chunk as Uint8Array);
          size += (chunk as Uint8Array).byteLength;
          await file.writeFile(chunk as Uint8Array);
        }
        await file.sync();
      } catch (error) {
        await file.close();
        await rm(temporary, { force: true });
        throw error;
      }
      await file.close();
      return place(temporary, hash.digest("hex"), size);
    },
    async putFile(path, options) {
      const temporary = await newTemporary();
      // A rename fails from another file system; then the content is copied.
      const moved = options?.move === true && (await rename(path, temporary).then(() => true, () => false));
      try {
        if (!moved) await copyFile(path, temporary);
        const { sha256, size } = await hashFile(temporary);
        const file = await open(temporary, "r+");
        await file.sync();
        await file.close();
        return await place(temporary, sha256, size);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    get: async (sha256) => readFile(await existing(sha256)),
    stream: async (sha256) => createReadStream(await existing(sha256)),
    has: async (sha256) => exists(pathOf(sha256)),
    localPath: existing,
  };
}

/** SHA-256 and size of a file, read as a stream. */
export async function hashFile(path: string): Promise<BlobInfo> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).byteLength;
  }
  return { sha256: hash.digest("hex"), size };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

/** Makes a rename durable: the folder's own entry reaches the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
