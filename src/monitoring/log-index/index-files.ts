import { statSync } from "node:fs";
import { mkdir, open, readdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { House } from "../../stage.ts";

/*
 * The index of an endpoint's prediction log, in the home folder beside the log: of each row that was asked for a number by which its request is found again
 * (`runs.ts`), all attempts of rows that were asked for more than once, and for each day which files have been read (`new-files.ts`). It follows from the log
 * alone: without it, it is made anew.
 */

export const indexFolder = (house: House, endpoint: string): string => join(house.settings.home, "prediction-index", encodeURIComponent(endpoint));

/** Runs of attempts, and which files of the log they are of. */
export const runFolder = (house: House, endpoint: string): string => join(indexFolder(house, endpoint), "runs");

/** All attempts of rows that were asked for more than once (columns `request_id`, `row_index`, `digest`, `event_time`, `received_at`, `shadow`). */
export const repeatsFile = (house: House, endpoint: string): string => join(indexFolder(house, endpoint), "repeats", "attempts.parquet");

/** Has `write` write a file of the index, whole or not at all, and durable before what it replaces is taken away. */
export async function writeIndexFile(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await write(`${file}.tmp`);
  const written = await open(`${file}.tmp`);
  await written.sync();
  await written.close();
  await rename(`${file}.tmp`, file);
}

export const exists = async (file: string): Promise<boolean> => (await stat(file).catch(absent)) !== undefined;

/** Bytes of a file; 0 where it is not there. */
export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Bytes of files together. */
export const bytesIn = (paths: readonly string[]): number => paths.reduce((sum, path) => sum + sizeOf(path), 0);

export const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(absent)) ?? [];

/** What is not there is no error. */
export function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}
