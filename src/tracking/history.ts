import type { Database } from "../storage/database.ts";
import { numberOf } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import type { MetricPoint } from "./types.ts";

export interface HistoryRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** The stored points of one metric, by step, then time; of `range`, steps from and to are both in it. */
export async function metricHistory(db: Database, runId: string, key: string, range: HistoryRange = {}): Promise<MetricPoint[]> {
  let query = trackingTables(db)
    .selectFrom("metric_series")
    .innerJoin("metric_points", "metric_points.series_id", "metric_series.id")
    .select(["metric_points.step", "metric_points.time", "metric_points.value", "metric_points.kind"])
    .where("metric_series.run_id", "=", runId)
    .where("metric_series.key", "=", key)
    .orderBy("metric_points.step")
    .orderBy("metric_points.time")
    .orderBy("metric_points.value")
    .orderBy("metric_points.kind");
  if (range.from !== undefined) query = query.where("metric_points.step", ">=", range.from);
  if (range.to !== undefined) query = query.where("metric_points.step", "<=", range.to);
  if (range.limit !== undefined) query = query.limit(range.limit);
  if (range.offset !== undefined && range.offset > 0) query = query.offset(range.offset);
  return (await query.execute()).map(({ step, time, ...stored }) => ({ key, value: numberOf(stored), step, time }));
}

/** The different steps of a metric, in order. */
export async function metricSteps(db: Database, runId: string, key: string, range: Pick<HistoryRange, "from" | "to"> = {}): Promise<number[]> {
  let query = trackingTables(db)
    .selectFrom("metric_series")
    .innerJoin("metric_points", "metric_points.series_id", "metric_series.id")
    .select("metric_points.step")
    .distinct()
    .where("metric_series.run_id", "=", runId)
    .where("metric_series.key", "=", key)
    .orderBy("metric_points.step");
  if (range.from !== undefined) query = query.where("metric_points.step", ">=", range.from);
  if (range.to !== undefined) query = query.where("metric_points.step", "<=", range.to);
  return (await query.execute()).map((row) => row.step);
}

/** The points of a metric at these steps, in order. */
export async function metricAtSteps(db: Database, runId: string, key: string, steps: readonly number[]): Promise<MetricPoint[]> {
  if (steps.length === 0) return [];
  const rows = await trackingTables(db)
    .selectFrom("metric_series")
    .innerJoin("metric_points", "metric_points.series_id", "metric_series.id")
    .select(["metric_points.step", "metric_points.time", "metric_points.value", "metric_points.kind"])
    .where("metric_series.run_id", "=", runId)
    .where("metric_series.key", "=", key)
    .where("metric_points.step", "in", steps)
    .orderBy("metric_points.step")
    .orderBy("metric_points.time")
    .execute();
  return rows.map(({ step, time, ...stored }) => ({ key, value: numberOf(stored), step, time }));
}
