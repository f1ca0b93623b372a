import { stat } from "node:fs/promises";
import { damaged, hashFile } from "../../checked-file.ts";
import { describeError } from "../../errors.ts";

const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** What is wrong with a file that should have this SHA-256, as the end of a sentence; undefined where it is whole. Without `full` only what its size tells. */
export async function damageOf(path: string, sha256: string, full: boolean): Promise<string | undefined> {
  try {
    if (!full) return (await stat(path)).size === 0 && sha256 !== emptySha256 ? "it is empty" : undefined;
    const found = await hashFile(path);
    return found.sha256 === sha256 ? undefined : damaged(found);
  } catch (error) {
    return `it cannot be read (${describeError(error)})`;
  }
}
