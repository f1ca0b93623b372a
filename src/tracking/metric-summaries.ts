import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { hasFiniteKind, numberOf, sayableNumber, type SayableNumber } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import { isIn, readBuckets, staleParts, unsummed } from "./sums/read-sums.ts";

/** A metric of a run in short. The least and the greatest are of its finite points; null when it has none. */
export interface MetricSummary {
  readonly key: string;
  readonly latest: SayableNumber;
  readonly latestStep: number;
  readonly points: number;
  readonly min: Extreme | null;
  readonly max: Extreme | null;
}

export interface Extreme {
  readonly value: number;
  /** The first step it was reached at. */
  readonly step: number;
}

type Found = Pick<MetricSummary, "points" | "min" | "max">;

/** So many series go into one statement. */
const together = 50;

/** The metrics of a run by name: the latest value, the least and the greatest, and when. */
export async function summarizeMetrics(db: Database, runId: string): Promise<MetricSummary[]> {
  const tables = trackingTables(db);
  const latest = await tables.selectFrom("latest_metrics").selectAll().where("run_id", "=", runId).orderBy("key").execute();
  const all = await tables.selectFrom("metric_series").select(["id", "key", "summed_step"]).where("run_id", "=", runId).execute();
  const found = new Map<string, Found>();
  for (const { id, key, summed_step } of all) if (summed_step !== null) found.set(key, await summarizeLong(db, id));
  const series = all.filter(({ summed_step }) => summed_step === null);
  for (let from = 0; from < series.length; from += together) {
    const part = series.slice(from, from + together);
    const ranges = await sql<{ id: number; n: number | string; low: number | null; high: number | null }>`
      select series_id as id, count(*) as n, min(case when ${hasFiniteKind} then value end) as low, max(case when ${hasFiniteKind} then value end) as high
      from metric_points where series_id in (${sql.join(part.map(({ id }) => id))}) group by series_id`.execute(db);
    const firstStep = (id: number, value: number | null) => sql`select min(step) as step from metric_points where series_id = ${id} and ${hasFiniteKind} and value = ${value}`;
    const reached = ranges.rows.flatMap(({ id, low, high }) => [firstStep(id, low), firstStep(id, high)]);
    const steps = reached.length === 0 ? [] : (await sql<{ step: number | null }>`${sql.join(reached, sql` union all `)}`.execute(db)).rows;
    for (const [index, range] of ranges.rows.entries()) {
      const extreme = (value: number | null, at: number): Extreme | null => (value === null ? null : { value, step: Number(steps[2 * index + at].step) });
      found.set(part.find(({ id }) => id === range.id)!.key, { points: Number(range.n), min: extreme(range.low, 0), max: extreme(range.high, 1) });
    }
  }
  return latest.map((row) => ({ key: row.key, latest: sayableNumber(numberOf(row)), latestStep: row.step, ...(found.get(row.key) ?? { points: 0, min: null, max: null }) }));
}

/** A history that has sums: these, and what no sum covers point by point. */
async function summarizeLong(db: Database, series: number): Promise<Found> {
  const grid = { axis: "step", first: Number.MIN_SAFE_INTEGER, last: Number.MAX_SAFE_INTEGER, buckets: 1 } as const;
  const { buckets } = await readBuckets(db, series, grid);
  const [low, high] = [buckets.reduce<number | null>((least, one) => lesser(least, one.low, Math.min), null), buckets.reduce<number | null>((most, one) => lesser(most, one.high, Math.max), null)];
  return { points: buckets.reduce((sum, { n }) => sum + n, 0), min: await firstOf(db, series, "low", low), max: await firstOf(db, series, "high", high) };
}

const lesser = (one: number | null, other: number | null, choose: (...values: number[]) => number): number | null => (one === null || other === null ? (one ?? other) : choose(one, other));

async function firstOf(db: Database, series: number, extreme: "low" | "high", value: number | null): Promise<Extreme | null> {
  if (value === null) return null;
  const tables = trackingTables(db);
  const sum = await tables.selectFrom("metric_sums").select(({ fn }) => fn.min(`${extreme}_step`).as("step")).where("series_id", "=", series).where("stale", "=", 0).where(extreme, "=", value).executeTakeFirstOrThrow();
  const steps = sum.step === null ? [] : [Number(sum.step)];
  for (const part of [...(await staleParts(db, series)), await unsummed(db, series)]) {
    const point = await tables.selectFrom("metric_points").select("step").where("series_id", "=", series).where(isIn(part)).where("value", "=", value).where(hasFiniteKind).orderBy("step").limit(1).executeTakeFirst();
    if (point) steps.push(point.step);
  }
  // A point that came between the two questions: its own summary is the next one's.
  return steps.length === 0 ? null : { value, step: Math.min(...steps) };
}
