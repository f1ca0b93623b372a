import { readdirSync, statSync } from "node:fs";
import { readFile, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { predictionFolder } from "../../serving/serving.ts";
import type { House } from "../../stage.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";
import { absent, exists, indexFolder, namesIn, runFolder } from "./index-files.ts";

/** Files of one day of the log that the index does not have, and those that it has then. */
export interface NewFiles {
  readonly day: string;
  readonly paths: readonly string[];
  readonly names: readonly string[];
}

/** A folder's time may be that of a file that came after it was read, by two seconds on some file systems: it is looked at again while it is so young. */
const settledMs = 2500;

/** Of days that are still looked at again: which files were read, by the marker's path and time. */
const remembered = new Map<string, { readonly mtimeMs: number; readonly names: ReadonlySet<string> }>();

/**
 * What the log has and the index has not, but for the paths that are left out. A day is passed by where its folder is older than the marker that says which of
 * its files were read. Folders are asked one after another without waiting: for as many as there are, that costs an eighth.
 */
export async function newFiles(house: House, endpoint: string, left: ReadonlySet<string>): Promise<NewFiles[]> {
  const [log, index] = [predictionFolder(house, endpoint), runFolder(house, endpoint)];
  // An index of before runs, or none.
  if (!(await exists(index))) await rm(indexFolder(house, endpoint), { recursive: true, force: true });
  const found: NewFiles[] = [];
  for (const day of (await namesIn(log)).toSorted()) {
    const [folder, path] = [join(log, day), join(index, `${day}.json`)];
    const [marker, changed] = [statSync(path, { throwIfNoEntry: false }), statSync(folder, { throwIfNoEntry: false })];
    if (!changed?.isDirectory() || left.has(folder)) continue;
    if (marker && changed.mtimeMs + settledMs < marker.mtimeMs) {
      remembered.delete(path);
      continue;
    }
    const names = namesNow(folder).filter((name) => name.endsWith(".parquet") && !left.has(join(folder, name))).toSorted();
    const known = marker ? await namesRead(path, marker.mtimeMs) : new Set<string>();
    const fresh = names.filter((name) => !known.has(name));
    if (fresh.length > 0) found.push({ day, paths: fresh.map((name) => join(folder, name)), names: [...known, ...fresh] });
    // Looked at when it was old enough, and nothing new: not again until the folder changes.
    else if (marker && changed.mtimeMs + settledMs < Date.now()) await writeAtomically(index, `${day}.json`, JSON.stringify([...known]));
  }
  return found;
}

/** The names in a folder, none where it has just gone. */
function namesNow(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    return absent(error as NodeJS.ErrnoException) ?? [];
  }
}

async function namesRead(path: string, mtimeMs: number): Promise<ReadonlySet<string>> {
  const before = remembered.get(path);
  if (before?.mtimeMs === mtimeMs) return before.names;
  const names = new Set(JSON.parse(await readFile(path, "utf8")) as string[]);
  remembered.set(path, { mtimeMs, names });
  return names;
}

/** Notes that the files of a day are in its index. */
export const noteRead = (house: House, endpoint: string, { day, names }: NewFiles): Promise<void> => writeAtomically(runFolder(house, endpoint), `${day}.json`, JSON.stringify(names));

/** Has a day looked at again, although its folder is as it was. */
export const forgetSeen = (house: House, endpoint: string, day: string): Promise<void> => utimes(join(runFolder(house, endpoint), `${day}.json`), 0, 0).catch(absent);
