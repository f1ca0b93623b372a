import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { day } from "../clock.ts";
import { describeError, MillraceError } from "../errors.ts";
import { predictionFolder } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { writeAtomically } from "../storage/atomic-file.ts";
import { readParquetWhole } from "../storage/read-parquet.ts";
import { checkIndex } from "./log-index/check-index.ts";
import { forgetSeen } from "./log-index/new-files.ts";
import { monitoringTables } from "./store.ts";
import { touch } from "./windows/touched.ts";

/** A file or a day's folder of the prediction log that cannot be read: it is left out. */
export interface UnreadableFile {
  /** Below the endpoint's folder of the log, as in `2026-01-31/ab12.parquet`. */
  readonly file: string;
  readonly reason: string;
  /** When it was found, milliseconds. */
  readonly since: number;
}

interface Known extends UnreadableFile {
  /** What it was then; it is looked at again when that has changed. */
  readonly stamp: string;
}

/** Files that were found readable, by what they were then; of this process. */
const readable = new Map<string, string>();

const listFolder = (house: House): string => join(house.settings.home, "prediction-index");
const listName = (endpoint: string): string => `${encodeURIComponent(endpoint)}.unreadable.json`;

/** What is left out of an endpoint's log. What has been changed since (put back from a copy) or taken away is in again. */
export async function unreadableFiles(house: House, endpoint: string): Promise<UnreadableFile[]> {
  return (await stillUnreadable(house, endpoint)).map(({ file, reason, since }) => ({ file, reason, since }));
}

/** Paths of an endpoint's log that must not be read. */
export async function leftOut(house: House, endpoint: string): Promise<ReadonlySet<string>> {
  const folder = predictionFolder(house, endpoint);
  return new Set((await stillUnreadable(house, endpoint)).map(({ file }) => join(folder, file)));
}

/**
 * Does work on an endpoint's prediction log. Where it fails because files of the log cannot be read, they are found, told and left out, and it is done again;
 * an index of the log that cannot be read is taken away, and made anew by `remake` where the work does not begin with that itself. So the work must be fit to be
 * done twice.
 */
export async function despiteUnreadable<T>(house: House, endpoint: string, work: () => Promise<T>, remake: () => Promise<unknown> = () => Promise.resolve()): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      const found = await findUnreadable(house, endpoint);
      const mended = await checkIndex(house, endpoint);
      if (!found && !mended) throw error;
      // Without it retries would count as requests.
      if (mended) await remake();
    }
  }
}

const looking = new Map<string, Promise<boolean>>();

/** One look at a time, for all who wait for it. */
function findUnreadable(house: House, endpoint: string): Promise<boolean> {
  const folder = predictionFolder(house, endpoint);
  const look = looking.get(folder) ?? lookThrough(house, endpoint).finally(() => looking.delete(folder));
  looking.set(folder, look);
  return look;
}

/** Reads the whole log, what was read before excepted. True when something was found that cannot be read and was not known. */
async function lookThrough(house: House, endpoint: string): Promise<boolean> {
  const folder = predictionFolder(house, endpoint);
  const known = await stillUnreadable(house, endpoint);
  const found: Known[] = [];
  const note = (file: string, stamp: string, error: unknown): void => {
    found.push({ file, stamp, reason: describeError(error), since: house.clock.now() });
  };
  for (const date of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!date.isDirectory() || known.some(({ file }) => file === date.name)) continue;
    const names = await readdir(join(folder, date.name)).catch(async (error: unknown) => {
      note(date.name, await stampOf(join(folder, date.name)), error);
      return [];
    });
    for (const name of names.filter((one) => one.endsWith(".parquet"))) {
      const [file, path] = [join(date.name, name), join(folder, date.name, name)];
      const stamp = await stampOf(path);
      if (readable.get(path) === stamp || known.some((one) => one.file === file)) continue;
      try {
        await readParquetWhole(path);
        readable.set(path, stamp);
      } catch (error) {
        note(file, stamp, error);
      }
    }
  }
  if (found.length === 0) return false;
  for (const { file, reason } of found) house.log.error({ file: join(folder, file) }, `a file of the prediction log of ${endpoint} cannot be read and is left out: ${join(folder, file)} (${reason})`);
  await writeList(house, endpoint, [...known, ...found]);
  return true;
}

/** What is known to be unreadable and is as it was when it was found. */
async function stillUnreadable(house: House, endpoint: string): Promise<Known[]> {
  const text = await readFile(join(listFolder(house), listName(endpoint)), "utf8").catch(() => "[]");
  const known = parseList(text);
  if (known.length === 0) return [];
  const folder = predictionFolder(house, endpoint);
  const same = await Promise.all(known.map(async ({ file, stamp }) => (await stampOf(join(folder, file))) === stamp));
  const still = known.filter((_, at) => same[at]);
  if (still.length < known.length) {
    await writeList(house, endpoint, still);
    for (const { file } of known.filter((_, at) => !same[at])) await lookAgain(house, endpoint, file.split("/")[0]);
  }
  return still;
}

/** What was computed of a day without one of its files is computed again, and the index, which has passed the day by, looks at it. */
async function lookAgain(house: House, endpoint: string, date: string): Promise<void> {
  const from = Date.parse(date);
  const windows = await monitoringTables(house.db).selectFrom("error_windows").select("start").distinct().where("endpoint", "=", endpoint).where("end", ">", from).where("start", "<", from + day).execute();
  await touch(house.db, endpoint, windows.map(({ start }) => ({ eventTime: start, cause: "predictions", count: 0 })));
  await forgetSeen(house, endpoint, date);
}

/** A list that cannot be read is found anew. */
function parseList(text: string): Known[] {
  try {
    return JSON.parse(text) as Known[];
  } catch {
    return [];
  }
}

async function writeList(house: House, endpoint: string, list: readonly Known[]): Promise<void> {
  await mkdir(listFolder(house), { recursive: true });
  await writeAtomically(listFolder(house), listName(endpoint), JSON.stringify(list));
}

/** What a file is; "" where it is not there. */
const stampOf = (path: string): Promise<string> =>
  stat(path, { bigint: true }).then(
    ({ size, mtimeNs, ino }) => `${size} ${mtimeNs} ${ino}`,
    () => "",
  );
