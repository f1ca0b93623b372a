import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { damaged } from "../../checked-file.ts";
import { conflict, MillraceError, notFound } from "../../errors.ts";
import { alive } from "../../process-alive.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { onDisk } from "../../storage/disk-full.ts";
import { syncFolder } from "../../storage/sync-folder.ts";
import type { BackupStore } from "./backup-store.ts";
import { forEachAtOnce } from "./for-each-at-once.ts";
import { openHashers, type Hashers } from "./hashers.ts";
import { contentsOf, decodeManifest, encodeManifest, type Manifest } from "./manifest.ts";
import { block, paddingOf, readTarHeader, tarHeader } from "./tar-format.ts";

/** Where a content lies in the file. */
interface Slot {
  readonly at: number;
  readonly size: number;
}

const nameOf = (sha256: string): string => `contents/${sha256.slice(0, 2)}/${sha256.slice(2)}`;

/**
 * One backup in one file, a tar that any program can look into: contents by SHA-256, then the list. It is written beside its place and put there in one step,
 * when it has been read again and is right. There is one moment in it, so it is whole or not there, and nothing is shared with others.
 */
export async function openTarStore(place: string, writing: boolean): Promise<BackupStore> {
  return writing ? writeTar(place) : readTar(place);
}

async function writeTar(place: string): Promise<BackupStore> {
  if (await stat(place).catch(() => undefined)) throw conflict("maintenance.backup_exists", `${place} is there already; a file holds one backup: name another, or a folder, which holds many`);
  const folder = dirname(place);
  await mkdir(folder, { recursive: true });
  const making = `.${basename(place)}.making-`;
  // Of processes that were killed.
  for (const name of await readdir(folder)) if (name.startsWith(making) && !alive(Number(name.slice(making.length)))) await rm(join(folder, name), { recursive: true });
  const scratch = join(folder, `${making}${process.pid}`);
  await mkdir(scratch, { mode: 0o700 });
  const coming = join(scratch, "backup");
  const file = await open(coming, "wx+", 0o600);
  const slots = new Map<string, Slot>();
  const hashers = openHashers();
  let at = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const append = (name: string, size: number, write: (from: number) => Promise<void>): Promise<void> => {
    const mine = turn.then(() => onDisk(folder, async () => {
      await file.write(tarHeader(name, size), 0, block, at);
      await write(at + block);
      await file.write(Buffer.alloc(paddingOf(size)), 0, paddingOf(size), at + block + size);
      at += block + size + paddingOf(size);
    }));
    turn = mine.catch(() => undefined);
    return mine;
  };
  const putBytes = async (name: string, content: Uint8Array): Promise<void> => append(name, content.byteLength, async (from) => void (await file.write(content, 0, content.byteLength, from)));
  return {
    place,
    scratch,
    ids: () => Promise.resolve([]),
    read: () => Promise.reject(notFound("maintenance.no_backup", `There is no backup at ${place} yet`)),
    has: ({ sha256 }) => Promise.resolve(slots.has(sha256)),
    put: async (content) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      if (!slots.has(sha256)) {
        slots.set(sha256, { at: 0, size: content.byteLength });
        await putBytes(nameOf(sha256), content);
      }
      return { sha256, size: content.byteLength };
    },
    putFile: async (path) => {
      const { sha256, size } = await hashers.hash({ path });
      if (slots.has(sha256)) return { sha256, size };
      slots.set(sha256, { at: 0, size });
      await append(nameOf(sha256), size, (from) => copyInto(file, from, path, size));
      return { sha256, size };
    },
    commit: async (manifest) => {
      await turn;
      await putBytes(`moments/${manifest.id}.json`, Buffer.from(encodeManifest(manifest)));
      await file.write(Buffer.alloc(2 * block), 0, 2 * block, at);
      await file.sync();
      await checkTar(coming, manifest.id, hashers);
      await rename(coming, place);
      await syncFolder(folder);
    },
    get: () => Promise.reject(new Error("a backup that is being written is not read")),
    take: () => Promise.reject(new Error("a backup that is being written is not read")),
    hash: hashers.hash,
    pathOf: () => Promise.resolve(undefined),
    forget: () => Promise.resolve({ count: 0, bytes: 0 }),
    close: async () => {
      await hashers.close();
      await file.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

/** Copies a file of a known size; whether what was written is what was read before is seen when all is read again. */
async function copyInto(file: FileHandle, from: number, path: string, size: number): Promise<void> {
  const source = await open(path, "r");
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(size, 1 << 20)));
    for (let done = 0; done < size; ) {
      const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, size - done), done);
      if (bytesRead === 0) throw changed(path);
      await file.write(buffer, 0, bytesRead, from + done);
      done += bytesRead;
    }
  } finally {
    await source.close();
  }
}

const changed = (path: string): MillraceError => new MillraceError("maintenance.changed_meanwhile", 500, `${path} changed while it was copied; back up again`);

/** Reads all of what was written. */
async function checkTar(path: string, id: string, hashers: Hashers): Promise<void> {
  const written = await readTar(path);
  try {
    await forEachAtOnce(contentsOf(await written.read(id)), 2, async (content) => {
      const slot = written.slots.get(nameOf(content.sha256));
      const found = slot && (await hashers.hash({ path, from: slot.at, size: slot.size }));
      if (found?.size !== content.size || found.sha256 !== content.sha256) throw new MillraceError("maintenance.backup_damaged", 500, `What was written to ${path} is not what was to be written: a file changed while it was copied, or that disk is failing; back up again`);
    });
  } finally {
    await written.close();
  }
}

async function readTar(place: string): Promise<BackupStore & { readonly slots: ReadonlyMap<string, Slot> }> {
  const hashers = openHashers();
  const file = await open(place, "r").catch((error: NodeJS.ErrnoException) => Promise.reject(error.code === "ENOENT" ? notFound("maintenance.no_backup", `There is no backup at ${place}`) : error));
  const slots = new Map<string, Slot>();
  const { size: length } = await file.stat();
  const header = Buffer.alloc(block);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(header, 0, block, at);
    const found = bytesRead === block ? readTarHeader(header, place) : undefined;
    if (bytesRead < block || (found && at + block + found.size > length)) {
      await file.close();
      throw new MillraceError("maintenance.backup_damaged", 500, `The backup ${place} is cut: it ends in the middle of a file`);
    }
    if (!found) break;
    slots.set(found.name, { at: at + block, size: found.size });
    at += block + found.size + paddingOf(found.size);
  }
  const wrong = (sha256: string, what: string): MillraceError => new MillraceError("maintenance.backup_damaged", 500, `The backup ${place} is damaged: its content ${sha256} is not what it should be: ${what}. Take another backup`);
  const slotOf = ({ sha256, size }: BlobInfo): Slot => {
    const slot = slots.get(nameOf(sha256));
    if (slot?.size !== size) throw wrong(sha256, slot ? `it holds ${slot.size} bytes instead of ${size}` : "it is not there");
    return slot;
  };
  const only = (): Promise<never> => Promise.reject(new Error("a backup that is there is not written to"));
  const read = async (id: string): Promise<Manifest> => {
    const slot = slots.get(`moments/${id}.json`);
    if (!slot) throw notFound("maintenance.no_backup", `There is no backup ${id} in ${place}`);
    const { buffer } = await file.read(Buffer.alloc(slot.size), 0, slot.size, slot.at);
    return decodeManifest(buffer.toString(), `${place}, ${id}`);
  };
  return {
    slots,
    place,
    scratch: dirname(place),
    ids: () => Promise.resolve([...slots.keys()].flatMap((name) => (/^moments\/(.+)\.json$/.exec(name)?.[1] ?? []))),
    read,
    has: ({ sha256 }) => Promise.resolve(slots.has(nameOf(sha256))),
    put: only,
    putFile: only,
    commit: only,
    get: async (content) => {
      const slot = slotOf(content);
      const { buffer } = await file.read(Buffer.alloc(slot.size), 0, slot.size, slot.at);
      const found = { sha256: createHash("sha256").update(buffer).digest("hex"), size: slot.size };
      if (found.sha256 !== content.sha256) throw wrong(content.sha256, damaged(found));
      return buffer;
    },
    take: (content, path) => onDisk(dirname(path), async () => {
      const { at, size } = slotOf(content);
      const hash = createHash("sha256");
      await mkdir(dirname(path), { recursive: true });
      const target = await open(path, "w", 0o600);
      try {
        for await (const part of size === 0 ? [] : createReadStream(place, { start: at, end: at + size - 1, highWaterMark: 1 << 20 })) {
          hash.update(part as Buffer);
          await target.writeFile(part as Buffer);
        }
        await target.sync();
      } finally {
        await target.close();
      }
      const found = { sha256: hash.digest("hex"), size: (await stat(path)).size };
      if (found.sha256 !== content.sha256 || found.size !== content.size) throw wrong(content.sha256, damaged(found));
    }),
    hash: hashers.hash,
    pathOf: () => Promise.resolve(undefined),
    forget: only,
    close: async () => {
      await hashers.close();
      await file.close();
    },
  };
}
