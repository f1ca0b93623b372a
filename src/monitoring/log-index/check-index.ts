import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../../errors.ts";
import type { House } from "../../stage.ts";
import { parquet, withConnection } from "../../storage/duckdb.ts";
import { exists, indexFolder } from "./index-files.ts";
import { readRunKeys } from "./run-file.ts";

/** Reads an endpoint's index whole. Where it cannot be read it is taken away, to be made anew of the log: true. */
export async function checkIndex(house: House, endpoint: string): Promise<boolean> {
  const folder = indexFolder(house, endpoint);
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  for (const file of files.filter((name) => /\.(parquet|json|run)$/.test(name)).map((name) => join(folder, name))) {
    try {
      if (file.endsWith(".json")) JSON.parse(await readFile(file, "utf8"));
      else if (file.endsWith(".run")) await (await readRunKeys(file)).rest();
      else await withConnection(async (connection) => void (await connection.run(`SELECT bit_xor(hash(entries)) FROM ${parquet(file)} entries`)));
    } catch (error) {
      // Merged into another meanwhile.
      if (!(await exists(file))) continue;
      house.log.error({ file }, `the index of the prediction log of ${endpoint} cannot be read, and is made anew: ${file} (${describeError(error)})`);
      await rm(folder, { recursive: true, force: true });
      return true;
    }
  }
  return false;
}
