import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Writes or replaces `file` in one step, durably: readers and crashes see the old content or the new, never a part, and when this
 * resolves the new content survives a loss of power. Makes the directories that are missing.
 */
export async function writeDurably(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const directory = dirname(resolve(file)); // absolute, as mkdir then answers
  const created = await mkdir(directory, { recursive: true });
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory);
  // A directory made just now is durable once those above it are.
  if (created === undefined) return;
  for (let at = directory; at !== dirname(created);) {
    at = dirname(at);
    await syncDirectory(at);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
