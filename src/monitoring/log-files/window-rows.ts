import type { House } from "../../stage.ts";
import { bytesIn } from "../log-index/index-files.ts";
import { windowFiles } from "../prediction-log.ts";
import type { TimeWindow } from "../types.ts";
import { leftOut } from "../unreadable-files.ts";
import { firstAttempts, isFirst } from "./first-attempts.ts";
import { inOrderOnce } from "./order-rows.ts";
import { placesOf, readLogRows, rowsAt, type LogRows } from "./read-log-rows.ts";

/** Bytes of files that are read into memory together, at most. */
const mostBytes = 33_554_432;

/** What the log says of a window: its rows; nothing was logged then; or it is for the database to read, being large or of another's writing. */
export type WindowRows = { readonly state: "read"; readonly rows: LogRows } | { readonly state: "nothing" } | { readonly state: "elsewhere" };

/**
 * The answered rows of an endpoint's log in a window, each attempt of a request once, as `readingLog` has them; in the order in which errors are summed. Throws
 * where a file cannot be read.
 */
export async function readWindowRows(house: House, endpoint: string, window: TimeWindow, isOutput: (name: string) => boolean): Promise<WindowRows> {
  const files = await windowFiles(house, endpoint, window, await leftOut(house, endpoint));
  if (files.length === 0) return { state: "nothing" };
  if (bytesIn(files) > mostBytes) return { state: "elsewhere" };
  const first = await firstAttempts(house, endpoint);
  const rows = first && (await readLogRows(files, isOutput));
  if (!first || !rows) return { state: "elsewhere" };
  const inWindow = (row: number): boolean => rows.eventTimes[row] >= window.from && rows.eventTimes[row] < window.until && isFirst(first, rows, row);
  return { state: "read", rows: inOrderOnce(rowsAt(rows, placesOf(rows, inWindow))) };
}
