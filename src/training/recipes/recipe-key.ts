import { randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "../../errors.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";

const [folder, name] = ["run", "recipe.key"];

/** Makes the key of a home, which only its owner can read: who has it may have commands run. */
export async function makeRecipeKey(home: string): Promise<void> {
  if ((await readRecipeKey(home)) === undefined) await writeAtomically(join(home, folder), name, randomBytes(24).toString("hex"));
}

/** The key of a home; undefined where there is none yet, or it cannot be read. */
export const readRecipeKey = async (home: string): Promise<string | undefined> => await readFile(join(home, folder, name), "utf8").catch(() => undefined);

/** Throws `training.key_needed` unless the key is that of the home: commands are run as the user of the server, so whoever can reach its port must not choose them. */
export async function requireRecipeKey(home: string, given: string | undefined): Promise<void> {
  const key = await readRecipeKey(home);
  if (key !== undefined && given !== undefined && key.length === given.length && timingSafeEqual(Buffer.from(key), Buffer.from(given))) return;
  throw new MillraceError("training.key_needed", 403, `This project has a command (train.run), which the server would run as its own user; that takes the key in ${join(home, folder, name)}, which its owner can read. \`millrace run\` sends it`);
}
