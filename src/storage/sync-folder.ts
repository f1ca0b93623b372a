import { open } from "node:fs/promises";

/** Makes a rename durable: the folder's own entry reaches the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
