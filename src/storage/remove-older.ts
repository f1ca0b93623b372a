import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Removes what lies in a folder and has not changed for so long (ms), but for what is called `keep`. A folder that is not there has nothing. */
export async function removeOlder(folder: string, kept: number, now: number, keep?: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name === keep) continue;
    const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > kept) await rm(join(folder, name), { recursive: true, force: true });
  }
}
