import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { isSqlite } from "../../storage/dialect.ts";
import { insertRows, type Cell } from "../../storage/insert-rows.ts";
import { trackingTables } from "../store.ts";
import { beginning, sumUp, type Place, type Row, type Sum } from "./sum.ts";

/** Points that one slice of work reads: a few milliseconds. */
const slice = 8192;
/** The most it reads where so many have the same step and time that no sum ends before. */
const mostAtOnce = 131_072;
/** A history is summed from so many points on that are in no sum … */
export const worthSumming = 4096;
/** … and the newest of them are left: writers that log at once come a little out of order. */
const left = 1024;

/**
 * One slice of the work on a series: its sums that are stale are made anew, then those of points that are in none. Call it in a transaction. Says whether there may be
 * more to do, and how many points it read.
 */
export async function sealSlice(transaction: Database, series: number): Promise<{ readonly more: boolean; readonly read: number }> {
  const tables = trackingTables(transaction);
  const held = tables.selectFrom("metric_series").select(["summed_step", "summed_time"]).where("id", "=", series);
  // Writers hold the series as they look where its sums end (`log-batch.ts`): none adds a point below while they grow.
  const row = await (isSqlite(transaction) ? held : held.forUpdate()).executeTakeFirst();
  if (!row) return { more: false, read: 0 };
  const stale = await tables.selectFrom("metric_sums").select(["from_step", "from_time", "until_step", "until_time"]).where("series_id", "=", series).where("stale", "=", 1).orderBy("from_step").orderBy("from_time").limit(1).executeTakeFirst();
  if (stale) return sumAnew(transaction, series, [stale.from_step, stale.from_time], [stale.until_step, stale.until_time]);
  const from: Place = row.summed_step === null || row.summed_time === null ? beginning : [row.summed_step, row.summed_time];
  for (let most = slice; most <= mostAtOnce; most *= 4) {
    const rows = await readRows(transaction, series, from, null, most);
    if (rows.length < worthSumming) return { more: false, read: rows.length };
    const all = rows.length < most;
    const sums = sumUp(all ? rows.slice(0, -left) : rows, from, null);
    const last = sums.at(-1);
    if (!last) {
      if (all) return { more: false, read: rows.length };
      continue;
    }
    await insertSums(transaction, series, sums);
    await tables.updateTable("metric_series").set({ summed_step: last.until_step, summed_time: last.until_time }).where("id", "=", series).execute();
    return { more: !all, read: rows.length };
  }
  return { more: false, read: mostAtOnce };
}

async function sumAnew(transaction: Database, series: number, from: Place, until: Place): Promise<{ readonly more: boolean; readonly read: number }> {
  for (let most = slice; most <= mostAtOnce; most *= 4) {
    const rows = await readRows(transaction, series, from, until, most);
    const all = rows.length < most;
    const sums = sumUp(rows, from, all ? { until } : null);
    if (sums.length === 0) continue;
    await trackingTables(transaction).deleteFrom("metric_sums").where("series_id", "=", series).where("from_step", "=", from[0]).where("from_time", "=", from[1]).execute();
    const last = sums.at(-1)!;
    // What was not read stays stale, under its new beginning.
    const rest = all ? [] : [{ ...last, from_step: last.until_step, from_time: last.until_time, until_step: until[0], until_time: until[1], stale: 1 }];
    await insertSums(transaction, series, [...sums, ...rest]);
    return { more: true, read: rows.length };
  }
  // So many points of one step and time stay what they are: read one by one.
  return { more: false, read: mostAtOnce };
}

/** Points of a series in order from a place on, up to another that is not in it. */
export async function readRows(db: Database, series: number, from: Place, until: Place | null, most: number): Promise<Row[]> {
  const end = until ? sql`and (step, time) < (${until[0]}, ${until[1]})` : sql``;
  const found = await sql<Row>`select step, time, value, kind from metric_points where series_id = ${series} and (step, time) >= (${from[0]}, ${from[1]}) ${end}
    order by step, time, value, kind limit ${most}`.execute(db);
  return found.rows;
}

const columns = ["from_step", "from_time", "until_step", "until_time", "first_step", "last_step", "first_time", "last_time", "points", "finite", "total", "huge", "low", "low_step", "high", "high_step", "nan_points", "nan_step", "up_points", "up_step", "down_points", "down_step", "stale"] as const;

const insertSums = (db: Database, series: number, sums: readonly Sum[]): Promise<void> =>
  insertRows(db, "metric_sums", ["series_id", ...columns], sums.map((sum): Cell[] => [series, ...columns.map((column) => sum[column])]));
