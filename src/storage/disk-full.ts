import { statfsSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "../errors.ts";

/** Below this many bytes a disk is full: a write of a megabyte and SQLite's log beside it find no room. */
const fullBelow = 8 << 20;

/** How long a refused write says that a disk is full which has bytes to spare (a quota), and how many bytes more than then say that it is not. */
const refusalLasts = 30_000;

/** The last write to each folder that found no room. */
const refused = new Map<string, { readonly time: number; readonly free: number }>();

/** Whether there is room in a folder now, and its free bytes (undefined where the system does not say). */
export function roomIn(folder: string): { readonly free: number | undefined; readonly full: boolean } {
  const free = freeBytes(folder);
  const last = refused.get(folder);
  const lasting = last !== undefined && performance.now() - last.time < refusalLasts && (free ?? 0) < last.free + fullBelow;
  return { free, full: lasting || (free !== undefined && free < fullBelow) };
}

/** That there is no room in a folder, with its free bytes: file systems keep some back, and a write may need more than are left. */
export function diskFullText(folder: string): string {
  const free = freeBytes(folder);
  return `The disk is full: ${free === undefined ? "" : `${free} bytes are free `}in ${folder}. Writes are refused, and what was answered before is safe. Make room there; it goes on by itself`;
}

/** There is no room in a folder: says where, and how many bytes this user may still write there. */
export function diskFull(folder: string, cause?: unknown): MillraceError {
  const free = freeBytes(folder);
  // What is refused before it is tried says nothing of what is smaller.
  if (cause !== undefined) refused.set(folder, { time: performance.now(), free: free ?? 0 });
  return new MillraceError("storage.disk_full", 507, `The disk is full: ${free === undefined ? "" : `${free} bytes are free `}in ${folder}. Nothing of this was kept, and what was answered before is safe. Make room there, and try again`, {
    cause,
    details: { folder, free: free ?? null },
  });
}

/** A failure of the file system that means that there is no room, as that; any other as it is. */
export function orDiskFull(error: unknown, folder: string): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" ? diskFull(folder, error) : error;
}

/** Does what writes to a folder; where there is no room it is told as that. */
export async function onDisk<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw orDiskFull(error, folder);
  }
}

/** Bytes that this user may still write to the file system of a folder, or of the nearest one above it that is there. */
export function freeBytes(folder: string): number | undefined {
  for (let at = folder; ; at = join(at, "..")) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch {
      if (at === join(at, "..")) return undefined;
    }
  }
}
