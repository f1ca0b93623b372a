import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { House } from "../../stage.ts";
import { literal, pathLiteral } from "../../storage/duckdb.ts";
import { indexFolder, namesIn, writeIndexFile } from "./index-files.ts";

/*
 * The rows of the index lie in runs: files that are written once, each with what came at one time (columns `key`, `digest`, `event_time`, `received_at`,
 * `shadow`, in order of `key`). Runs of about the same size are merged when there are eight of them (a log-structured merge tree, O'Neil et al. 1996): opening a
 * file costs as much as thousands of rows, and with one for each day of a log every look would cost more with every day. After a crash two runs may hold the
 * same row, which says no more than one does.
 */

/** Runs that are merged, at least; bytes of the smallest size and of the largest that merging makes, so that no turn waits for it. */
const [together, smallest, most] = [8, 16_384, 4_194_304];

/** The columns of a run. */
export const runColumns = "key, digest, event_time, received_at, shadow";

/** The table expression over rows of the same attempts: each once. */
export const onceEach = (rows: string): string => `(SELECT key, digest, event_time, min(received_at) AS received_at, bool_and(shadow) AS shadow FROM ${rows} GROUP BY ALL)`;

/** The files of an endpoint's index, oldest first. */
export async function runsOf(house: House, endpoint: string): Promise<string[]> {
  const folder = indexFolder(house, endpoint);
  return (await namesIn(folder)).filter((name) => name.endsWith(".parquet")).toSorted().map((name) => join(folder, name));
}

/** The table expression over runs. */
export const rowsOf = (runs: readonly string[]): string => `read_parquet([${runs.map(pathLiteral).join(", ")}], hive_partitioning = false)`;

/** Adds the rows of a table expression as a run, then merges what has become many. */
export async function addRun(connection: DuckDBConnection, house: House, endpoint: string, rows: string): Promise<void> {
  await writeRun(connection, house, endpoint, rows);
  for (;;) {
    const many = await manyOfASize(await runsOf(house, endpoint));
    if (many.length === 0) return;
    await writeRun(connection, house, endpoint, rowsOf(many));
    for (const run of many) await rm(run);
  }
}

async function writeRun(connection: DuckDBConnection, house: House, endpoint: string, rows: string): Promise<void> {
  await writeIndexFile(join(indexFolder(house, endpoint), nextName(await runsOf(house, endpoint))), async (temporary) => {
    await connection.run(`COPY (SELECT ${runColumns} FROM ${onceEach(rows)} ORDER BY key) TO ${literal(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
  });
}

/** Runs are numbered; files of before runs were named by their day, which sorts them before all numbers. */
const nextName = (runs: readonly string[]): string => `run-${String(1 + Number(runs.at(-1)?.match(/run-(\d+)\.parquet$/)?.[1] ?? 0)).padStart(12, "0")}.parquet`;

/** Runs of about the same size that are to be merged: the oldest, as many as make no run that is too large; none where they are too few. */
async function manyOfASize(runs: readonly string[]): Promise<string[]> {
  const sizes = await Promise.all(runs.map(async (run) => ({ run, size: (await stat(run)).size })));
  const levels = Map.groupBy(sizes, ({ size }) => Math.max(0, Math.ceil(Math.log(size / smallest) / Math.log(together))));
  for (const level of levels.values()) {
    let sum = 0;
    const some = level.filter(({ size }) => (sum += size) <= most);
    if (some.length >= together) return some.map(({ run }) => run);
  }
  return [];
}
