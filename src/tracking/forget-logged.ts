import type { Database } from "../storage/database.ts";
import { trackingTables } from "./store.ts";

/** Takes away the metrics with their histories, the params and the tags of runs, and leaves the runs. */
export async function forgetLogged(transaction: Database, runIds: readonly string[]): Promise<void> {
  const tables = trackingTables(transaction);
  const series = tables.selectFrom("metric_series").select("id").where("run_id", "in", runIds);
  for (const table of ["metric_points", "metric_sums"] as const) await tables.deleteFrom(table).where("series_id", "in", series).execute();
  for (const table of ["metric_series", "latest_metrics", "params", "run_tags"] as const) await tables.deleteFrom(table).where("run_id", "in", runIds).execute();
}
