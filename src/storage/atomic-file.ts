import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";

/** Writes a small file whole or not at all: whoever reads it finds the former content or the new one, never a part. */
export async function writeAtomically(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `${name}.tmp`);
  const file = await open(temporary, "w");
  await file.writeFile(content);
  await file.sync();
  await file.close();
  await rename(temporary, join(folder, name));
}
