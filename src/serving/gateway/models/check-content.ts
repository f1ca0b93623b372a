import { join } from "node:path";
import { CheckedFiles } from "../../../checked-file.ts";
import { describeError, MillraceError } from "../../../errors.ts";
import type { ModelContent } from "../config/config.ts";

/** Bytes hashed without a pause, for which requests wait: about a millisecond, as for a model that is run in the I/O thread. */
const piece = 1 << 20;

const checked = new CheckedFiles(piece);

/**
 * Makes sure that the files of a model hold what they should, each once for every state it is in; other files beside them are none of ours. Throws
 * `serving.model_damaged` with the first that is cut, empty, longer, changed or gone.
 */
export async function checkContent({ folder, files }: ModelContent): Promise<void> {
  for (const [path, sha256] of Object.entries(files)) {
    const file = join(folder, path);
    const what = await checked.damageOf(file, sha256).catch((error: unknown) => `it cannot be read (${describeError(error)})`);
    if (what === undefined) continue;
    throw new MillraceError("serving.model_damaged", 500, `The model file ${file} is not what was deployed: ${what}, instead of the content with the SHA-256 ${sha256}. Deploy the version again, or start the server, which puts it there anew`, { details: { file } });
  }
}
