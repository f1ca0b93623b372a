import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { trackingTables } from "../store.ts";
import { isBefore, type Place } from "./sum.ts";

/** Marks the sums into whose bounds these places fall. Call it in the transaction that writes the points, which holds the series (`log-batch.ts`). */
export async function markStale(transaction: Database, series: number, places: readonly Place[]): Promise<void> {
  const sorted = places.toSorted((one, other) => (isBefore(one, other) ? -1 : 1));
  let marked: Place | undefined;
  for (const place of sorted) {
    if (marked && isBefore(place, marked)) continue;
    const sum = await trackingTables(transaction)
      .selectFrom("metric_sums")
      .select(["from_step", "from_time", "until_step", "until_time", "stale"])
      .where("series_id", "=", series)
      .where(sql<boolean>`(from_step, from_time) <= (${place[0]}, ${place[1]})`)
      .orderBy("from_step", "desc")
      .orderBy("from_time", "desc")
      .limit(1)
      .executeTakeFirstOrThrow();
    marked = [sum.until_step, sum.until_time];
    if (sum.stale === 1) continue;
    await trackingTables(transaction).updateTable("metric_sums").set({ stale: 1 }).where("series_id", "=", series).where("from_step", "=", sum.from_step).where("from_time", "=", sum.from_time).execute();
  }
}
