import { readFile } from "node:fs/promises";
import { MillraceError } from "../../errors.ts";
import type { SecretPlace } from "../../project/triggers.ts";

/** A secret from where a project says it is; it is never kept. Throws `pipelines.no_secret`. */
export async function readSecret(place: SecretPlace, what: string): Promise<string> {
  const missing = (where: string): MillraceError => new MillraceError("pipelines.no_secret", 503, `${what} is not there: ${where}`);
  if ("env" in place) {
    const value = process.env[place.env];
    if (value === undefined || value === "") throw missing(`the server was started without the variable ${place.env}`);
    return value;
  }
  const text = await readFile(place.file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw missing(`the file ${place.file} cannot be read (${error.code ?? error.message})`);
  });
  const value = text.trim();
  if (value === "") throw missing(`the file ${place.file} is empty`);
  return value;
}
