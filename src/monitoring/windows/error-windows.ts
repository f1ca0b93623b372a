import type { Database } from "../../storage/database.ts";
import { metricsOf } from "../error-sums.ts";
import { monitoringTables } from "../store.ts";
import type { ErrorSums, ErrorWindow, MonitorConfig } from "../types.ts";

/** Computed windows of live error, oldest first. */
export async function errorWindows(
  db: Database,
  config: MonitorConfig,
  filter: { variant?: string; version?: number; from?: number; until?: number } = {},
): Promise<ErrorWindow[]> {
  let query = monitoringTables(db).selectFrom("error_windows").selectAll().where("endpoint", "=", config.endpoint).orderBy("start").orderBy("variant");
  if (filter.variant !== undefined) query = query.where("variant", "=", filter.variant);
  if (filter.version !== undefined) query = query.where("version", "=", filter.version);
  if (filter.from !== undefined) query = query.where("start", ">=", filter.from);
  if (filter.until !== undefined) query = query.where("end", "<=", filter.until);
  return (await query.execute()).map((row) => {
    const sums = JSON.parse(row.sums) as ErrorSums;
    return { ...row, sums, metrics: metricsOf(config.task, sums) };
  });
}
