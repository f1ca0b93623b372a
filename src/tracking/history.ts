import { sql } from "kysely";
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

type StepRange = Pick<HistoryRange, "from" | "to">;

/** The different steps of a metric, in order; at most `limit`. */
async function distinctSteps(db: Database, runId: string, key: string, range: StepRange, limit: number): Promise<number[]> {
  let query = trackingTables(db)
    .selectFrom("metric_series")
    .innerJoin("metric_points", "metric_points.series_id", "metric_series.id")
    .select("metric_points.step")
    .distinct()
    .where("metric_series.run_id", "=", runId)
    .where("metric_series.key", "=", key)
    .orderBy("metric_points.step")
    .limit(limit);
  if (range.from !== undefined) query = query.where("metric_points.step", ">=", range.from);
  if (range.to !== undefined) query = query.where("metric_points.step", "<=", range.to);
  return (await query.execute()).map((row) => row.step);
}

/**
 * About `size` steps of a metric of some runs, evenly taken from all its steps there; the first and the last step of each run are among
 * them. Long histories are not read for it: from so many places evenly spread between the first and the last step, the index is asked for
 * the next step that is there.
 */
export async function sampleSteps(db: Database, runIds: readonly string[], key: string, range: StepRange, size: number): Promise<number[]> {
  const most = size * 10;
  const stepsOf = await Promise.all(runIds.map((id) => distinctSteps(db, id, key, range, most + 1)));
  if (stepsOf.some((steps) => steps.length > most)) {
    const spread = await spreadSteps(db, runIds, key, range, size);
    // Steps far from evenly spread would leave a chart of a few points.
    if (spread.length >= size / 2) return spread;
    for (const [at, id] of runIds.entries()) stepsOf[at] = await distinctSteps(db, id, key, range, Number.MAX_SAFE_INTEGER);
  }
  const all = inOrder(stepsOf.flat());
  const taken = all.length <= size ? all : Array.from({ length: size }, (_, index) => all[Math.floor((index * all.length) / size)]);
  return inOrder([...taken, ...stepsOf.flatMap((steps) => [steps.at(0), steps.at(-1)])].filter((step) => step !== undefined));
}

const inOrder = (steps: readonly number[]): number[] => [...new Set(steps)].toSorted((one, other) => one - other);

async function spreadSteps(db: Database, runIds: readonly string[], key: string, { from, to }: StepRange, size: number): Promise<number[]> {
  const tables = trackingTables(db);
  const series = (await tables.selectFrom("metric_series").select("id").where("run_id", "in", runIds).where("key", "=", key).execute()).map((row) => row.id);
  const ends: number[] = [];
  for (const id of series) {
    let query = tables.selectFrom("metric_points").where("series_id", "=", id);
    if (from !== undefined) query = query.where("step", ">=", from);
    if (to !== undefined) query = query.where("step", "<=", to);
    // One end at a time: each is one look into the index.
    const first = await query.select("step").orderBy("step").limit(1).executeTakeFirst();
    const last = await query.select("step").orderBy("step", "desc").limit(1).executeTakeFirst();
    if (first && last) ends.push(first.step, last.step);
  }
  const [least, greatest] = [ends.reduce((one, other) => Math.min(one, other)), ends.reduce((one, other) => Math.max(one, other))];
  const places = Array.from({ length: size }, (_, index) => Math.floor(least + (index * (greatest - least + 1)) / size));
  const found = new Map<number, number>();
  for (const id of series) {
    const rows = await sql<{ place: number; step: number | null }>`
      with places(place) as (values ${sql.join(places.map((place) => sql`(cast(${place} as bigint))`))})
      select place, (select min(step) from metric_points where series_id = ${id} and step >= place and step <= ${greatest}) as step from places`.execute(db);
    for (const { place, step } of rows.rows) if (step !== null) found.set(place, Math.min(step, found.get(place) ?? step));
  }
  return inOrder([...found.values(), ...ends]);
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
