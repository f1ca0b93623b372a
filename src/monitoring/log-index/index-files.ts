import { mkdir, readdir, readFile, rename, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { predictionFolder } from "../../serving/serving.ts";
import type { House } from "../../stage.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";

/*
 * The index of an endpoint's prediction log, in the home folder beside the log: for each day which files have been read, and of each row that was asked for a
 * number by which its request is found again. It follows from the log alone: without it, it is made anew.
 */

/** Files of one day of the log that the index does not have, and those that it has then. */
export interface NewFiles {
  readonly day: string;
  readonly paths: readonly string[];
  readonly names: readonly string[];
}

export const indexFolder = (house: House, endpoint: string): string => join(house.settings.home, "prediction-index", encodeURIComponent(endpoint));

/** The rows of a day (columns `key`, `digest`, `event_time`, `received_at`, `shadow`). */
export const dayFile = (house: House, endpoint: string, day: string): string => join(indexFolder(house, endpoint), `${day}.parquet`);

/** All attempts of rows that were asked for more than once (columns `request_id`, `row_index`, `digest`, `event_time`, `received_at`, `shadow`). */
export const repeatsFile = (house: House, endpoint: string): string => join(indexFolder(house, endpoint), "repeats", "attempts.parquet");

/** A folder's time may be that of a file that came after it was read: it is looked at again while it is so young. */
const settledMs = 5000;

/** What the log has and the index has not, but for the paths that are left out. */
export async function newFiles(house: House, endpoint: string, left: ReadonlySet<string>): Promise<NewFiles[]> {
  const [log, index] = [predictionFolder(house, endpoint), indexFolder(house, endpoint)];
  const found: NewFiles[] = [];
  for (const day of (await namesIn(log)).toSorted()) {
    const marker = await stat(join(index, `${day}.json`)).catch(absent);
    const changed = await stat(join(log, day)).catch(absent);
    if (!changed?.isDirectory() || left.has(join(log, day)) || (marker && changed.mtimeMs + settledMs < marker.mtimeMs)) continue;
    const names = (await namesIn(join(log, day))).filter((name) => name.endsWith(".parquet") && !left.has(join(log, day, name))).toSorted();
    const known = new Set(marker ? (JSON.parse(await readFile(join(index, `${day}.json`), "utf8")) as string[]) : []);
    const fresh = names.filter((name) => !known.has(name));
    if (fresh.length > 0) found.push({ day, paths: fresh.map((name) => join(log, day, name)), names: [...known, ...fresh] });
    // Looked at, and nothing new: not again until the folder changes.
    else if (marker) await writeAtomically(index, `${day}.json`, JSON.stringify([...known]));
  }
  return found;
}

/** The days that have an index, oldest first. */
export const indexedDays = async (house: House, endpoint: string): Promise<string[]> =>
  (await namesIn(indexFolder(house, endpoint))).filter((name) => name.endsWith(".parquet")).map((name) => name.slice(0, -".parquet".length)).toSorted();

/** Has a day looked at again, although its folder is as it was. */
export const forgetSeen = (house: House, endpoint: string, day: string): Promise<void> => utimes(join(indexFolder(house, endpoint), `${day}.json`), 0, 0).catch(absent);

/** Has `write` write a file of the index, whole or not at all. */
export async function writeIndexFile(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await write(`${file}.tmp`);
  await rename(`${file}.tmp`, file);
}

/** Notes that the files of a day are in its index. */
export const noteRead = (house: House, endpoint: string, { day, names }: NewFiles): Promise<void> => writeAtomically(indexFolder(house, endpoint), `${day}.json`, JSON.stringify(names));

export const exists = async (file: string): Promise<boolean> => (await stat(file).catch(absent)) !== undefined;

const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(absent)) ?? [];

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
