import { open, mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { BlobInfo } from "../../storage/blobs.ts";
import { syncFolder } from "../../storage/sync-folder.ts";
import { forEachAtOnce } from "./for-each-at-once.ts";

/** What waits to be put on the disk together. */
const mostBytes = 256 << 20;
const mostFiles = 256;
/** Files that the disk is asked to keep at a time. */
const syncedAtOnce = 16;

/** Puts files under their names when their content is on the disk, many together, so that a folder is synced once for all that came into it. */
export interface Settling {
  /** Whether this content is on its way. */
  readonly has: (sha256: string) => boolean;
  /** Hands over a file that was written to `from`; waits while much is under way. */
  readonly add: (from: string, content: BlobInfo) => Promise<void>;
  /** All that was handed over is under its name, on the disk. */
  readonly finish: () => Promise<void>;
}

/** `placeOf` says where a content belongs. */
export function openSettling(placeOf: (sha256: string) => string): Settling {
  let batch = new Map<string, string>();
  let bytes = 0;
  const onTheWay = new Set<string>();
  let underWay: Promise<void> = Promise.resolve();
  const settle = async (files: ReadonlyMap<string, string>): Promise<void> => {
    const folders = new Map<string, Promise<string | undefined>>();
    await forEachAtOnce([...files], syncedAtOnce, async ([sha256, from]) => {
      await syncFile(from);
      const folder = dirname(placeOf(sha256));
      const making = folders.get(folder) ?? mkdir(folder, { recursive: true, mode: 0o700 });
      folders.set(folder, making);
      // A new folder is an entry of its parent.
      if ((await making) !== undefined) folders.set(dirname(folder), Promise.resolve(undefined));
      await rename(from, placeOf(sha256));
    });
    await forEachAtOnce([...folders.keys()], syncedAtOnce, syncFolder);
    for (const sha256 of files.keys()) onTheWay.delete(sha256);
  };
  const next = async (): Promise<void> => {
    const files = batch;
    [batch, bytes] = [new Map(), 0];
    const before = underWay;
    underWay = before.then(() => settle(files));
    // Whoever hands over next, or finishes, is told.
    underWay.catch(() => undefined);
    await before;
  };
  return {
    has: (sha256) => onTheWay.has(sha256),
    add: async (from, { sha256, size }) => {
      onTheWay.add(sha256);
      batch.set(sha256, from);
      bytes += size;
      if (bytes >= mostBytes || batch.size >= mostFiles) await next();
    },
    finish: async () => {
      await next();
      await underWay;
    },
  };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
