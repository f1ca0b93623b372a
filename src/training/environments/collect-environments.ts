import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { tryLock } from "../../storage/home-lock.ts";

/** Environments of a home that were given up, and the bytes of their files. */
export interface CollectedEnvironments {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Removes environments that no version was trained in and that have not been used since `before` (ms), and what is left of makings that were cut off. One that is being
 * made stays.
 *
 * @param home the home folder
 * @param living digests of the environments of versions that are there
 */
export async function collectEnvironments(home: string, living: ReadonlySet<string>, { before, dryRun }: { readonly before: number; readonly dryRun: boolean }): Promise<CollectedEnvironments> {
  const root = join(home, "kept", "environments");
  const kept = new Set([...living].map((digest) => digest.slice(0, 32)));
  let [count, bytes] = [0, 0];
  for (const name of await readdir(root).catch(() => [])) {
    if (!/^[0-9a-f]{32}$/.test(name) || kept.has(name)) continue;
    const folder = join(root, name);
    const used = await stat(join(folder, "made.json")).catch(() => stat(folder));
    if (used.mtimeMs >= before) continue;
    const lock = tryLock(`${folder}.lock`);
    if (!lock) continue;
    try {
      bytes += await sizeOf(folder);
      count++;
      if (!dryRun) await rm(folder, { recursive: true, force: true });
    } finally {
      lock.close();
    }
  }
  return { count, bytes };
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
