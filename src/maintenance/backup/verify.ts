import { describeError } from "../../errors.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { hashFile, damaged } from "../../checked-file.ts";
import type { BackupStore } from "./backup-store.ts";
import { contentsOf } from "./manifest.ts";

/** What of backups is not as it was written, by backup: sentences. Every content is read once. */
export async function verifyBackups(store: BackupStore): Promise<{ readonly backups: number; readonly contents: number; readonly wrong: Readonly<Record<string, readonly string[]>> }> {
  const checked = new Map<string, string | undefined>();
  const wrong: Record<string, string[]> = {};
  const ids = await store.ids();
  for (const id of ids) {
    try {
      for (const content of contentsOf(await store.read(id))) {
        if (!checked.has(content.sha256)) checked.set(content.sha256, await damageOf(store, content));
        const what = checked.get(content.sha256);
        if (what !== undefined) (wrong[id] ??= []).push(what);
      }
    } catch (error) {
      (wrong[id] ??= []).push(describeError(error));
    }
  }
  return { backups: ids.length, contents: checked.size, wrong };
}

async function damageOf(store: BackupStore, content: BlobInfo): Promise<string | undefined> {
  const path = await store.pathOf(content.sha256);
  try {
    if (path === undefined) return await store.get(content).then(() => undefined);
    const found = await hashFile(path);
    return found.sha256 === content.sha256 && found.size === content.size ? undefined : `${path} is not what its name says: ${damaged(found)}`;
  } catch (error) {
    return describeError(error);
  }
}
