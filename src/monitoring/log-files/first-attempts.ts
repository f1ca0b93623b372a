import { stat } from "node:fs/promises";
import type { House } from "../../stage.ts";
import { parquet, withConnection } from "../../storage/duckdb.ts";
import { eachRow } from "../each-row.ts";
import { firstOf } from "../log-index/attempts.ts";
import { absent, repeatsFile } from "../log-index/index-files.ts";
import type { LogRows } from "./read-log-rows.ts";

/** Bytes of the file of repeats that are read into memory, at most. */
const mostBytes = 1_048_576;

/**
 * When the first attempt of each row happened that was asked for several times, by `nameOf`; undefined where these are too many to hold. Of a row that is not
 * among them every attempt is the first.
 */
export async function firstAttempts(house: House, endpoint: string): Promise<ReadonlyMap<string, number> | undefined> {
  const file = repeatsFile(house, endpoint);
  const found = new Map<string, number>();
  const there = await stat(file).catch(absent);
  if (!there) return found;
  if (there.size > mostBytes) return undefined;
  const sql = `SELECT request_id, row_index::INTEGER, digest, first(event_time ${firstOf})::DOUBLE FROM ${parquet(file)} GROUP BY request_id, row_index, digest`;
  await withConnection((connection) => eachRow(connection, sql, ([requestId, rowIndex, digest, eventTime]) => void found.set(nameOf(requestId as string, rowIndex as number, digest as bigint | null), eventTime as number)));
  return found;
}

/** What attempts with the same values have in common. */
const nameOf = (requestId: string, rowIndex: number, digest: bigint | null): string => `${rowIndex} ${digest ?? ""} ${requestId}`;

/** Whether a row of the log counts: no attempt with the same values came before it. */
export const isFirst = (first: ReadonlyMap<string, number>, rows: LogRows, row: number): boolean => {
  if (first.size === 0) return true;
  const at = first.get(nameOf(rows.requestIds[row], rows.rowIndexes[row], rows.hasDigest[row] === 1 ? rows.digests[row] : null));
  return at === undefined || at === rows.eventTimes[row];
};
