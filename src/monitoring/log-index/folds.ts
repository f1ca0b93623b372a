import { statSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { House } from "../../stage.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";
import { literal, pathLiteral, withConnection } from "../../storage/duckdb.ts";
import { logRows } from "../log-rows.ts";
import { bytesIn, indexFolder, sizeOf, writeIndexFile } from "./index-files.ts";

/*
 * Small files of the prediction log, which has at least one for each day, folded into one for each month. To open a file costs about a millisecond, whatever is
 * in it, so a look through all of a log is a look at folds and at what is not folded yet. A fold says which files it holds, and what they were then: where one
 * of them has changed, gone or become unreadable, the files themselves are read.
 */

interface Fold {
  /** What the fold's own file is. */
  readonly stamp: string;
  /** What each file was that it holds, by `<day>/<name>`. */
  readonly holds: Readonly<Record<string, string>>;
}

/** Fewer files are read as they are. */
const fewest = 32;
/** A fold is made anew for so many files that are not in it, and no fewer than are. */
const fewestNew = 16;
/** Larger files are left alone, and months whose small ones are more than this: the log would be kept twice. */
const [largestFile, largestFold] = [65_536, 268_435_456];

/**
 * What to read for all of an endpoint's log, whose files are given: folds in the place of those that they hold. Folds are made of what is in none.
 *
 * @param left paths that must not be read
 */
export async function folded(house: House, endpoint: string, files: readonly string[], left: ReadonlySet<string>): Promise<readonly string[]> {
  if (files.length < fewest) return files;
  const log = dirname(dirname(files[0]));
  const read: string[] = [];
  for (const [month, members] of Map.groupBy(files, (file) => basename(dirname(file)).slice(0, 7))) {
    const known = await readFold(house, endpoint, month, log, left);
    const [held, rest] = [members.filter((file) => known?.holds[nameOf(file)] !== undefined), members.filter((file) => known?.holds[nameOf(file)] === undefined)];
    const isMany = rest.filter((file) => sizeOf(file) <= largestFile).length >= Math.max(fewestNew, held.length);
    const fold = isMany ? ((await writeFold(house, endpoint, month, members)) ?? known) : known;
    read.push(...(fold ? [foldFile(house, endpoint, month)] : []), ...members.filter((file) => fold?.holds[nameOf(file)] === undefined));
  }
  return read;
}

const nameOf = (file: string): string => `${basename(dirname(file))}/${basename(file)}`;
const foldFile = (house: House, endpoint: string, month: string): string => join(indexFolder(house, endpoint), "folds", `${month}.parquet`);

/** A month's fold, if what it holds is still what the log holds. */
async function readFold(house: House, endpoint: string, month: string, log: string, left: ReadonlySet<string>): Promise<Fold | undefined> {
  const file = foldFile(house, endpoint, month);
  const text = await readFile(join(dirname(file), `${month}.json`), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const fold = JSON.parse(text) as Fold;
  if (fold.stamp !== stampOf(file)) return undefined;
  for (const [name, stamp] of Object.entries(fold.holds)) {
    const path = join(log, name);
    if (left.has(path) || left.has(dirname(path)) || stampOf(path) !== stamp) return undefined;
  }
  return fold;
}

async function writeFold(house: House, endpoint: string, month: string, members: readonly string[]): Promise<Fold | undefined> {
  const small = members.filter((one) => sizeOf(one) <= largestFile);
  if (bytesIn(small) > largestFold) return undefined;
  const file = foldFile(house, endpoint, month);
  const holds = Object.fromEntries(small.map((one) => [nameOf(one), stampOf(one)]));
  await writeIndexFile(file, async (temporary) => {
    await withConnection((connection) => connection.run(`COPY (SELECT * FROM ${logRows(small.map(pathLiteral))}) TO ${literal(temporary)} (FORMAT parquet, COMPRESSION zstd)`));
  });
  const fold: Fold = { stamp: stampOf(file), holds };
  await mkdir(dirname(file), { recursive: true });
  await writeAtomically(dirname(file), `${month}.json`, JSON.stringify(fold));
  return fold;
}

/** What a file is; "" where it is not there. */
function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.size} ${found.mtimeNs} ${found.ino}` : "";
}
