import { describeError } from "../../errors.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { damaged } from "../../checked-file.ts";
import type { BackupStore } from "./backup-store.ts";
import { forEachAtOnce } from "./for-each-at-once.ts";
import { contentsOf } from "./manifest.ts";

const atOnce = 4;

/** What of backups is not as it was written, by backup: sentences. Every content is read once. */
export async function verifyBackups(store: BackupStore): Promise<{ readonly backups: number; readonly contents: number; readonly wrong: Readonly<Record<string, readonly string[]>> }> {
  const checked = new Map<string, string | undefined>();
  const wrong: Record<string, string[]> = {};
  const ids = await store.ids();
  for (const id of ids) {
    try {
      const contents = new Map(contentsOf(await store.read(id)).map((content) => [content.sha256, content]));
      const unknown = [...contents.values()].filter(({ sha256 }) => !checked.has(sha256));
      await forEachAtOnce(unknown, atOnce, async (content) => void checked.set(content.sha256, await damageOf(store, content)));
      const what = [...contents.keys()].flatMap((sha256) => checked.get(sha256) ?? []);
      if (what.length > 0) wrong[id] = what;
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
    const found = await store.hash({ path });
    return found.sha256 === content.sha256 && found.size === content.size ? undefined : `${path} is not what its name says: ${damaged(found)}`;
  } catch (error) {
    return describeError(error);
  }
}
