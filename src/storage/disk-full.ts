import { statfsSync } from "node:fs";
import { join } from "node:path";
import { MillraceError } from "../errors.ts";

/** There is no room in a folder: says where, and how many bytes this user may still write there (file systems keep some back, and a write may need more than are left). */
export function diskFull(folder: string, cause?: unknown): MillraceError {
  const free = freeBytes(folder);
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
