import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { hasFiniteKind, numberOf, sayableNumber, type SayableNumber } from "./metric-value.ts";
import { trackingTables } from "./store.ts";

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

/** So many series go into one statement. */
const together = 50;

/** The metrics of a run by name: the latest value, the least and the greatest, and when. */
export async function summarizeMetrics(db: Database, runId: string): Promise<MetricSummary[]> {
  const tables = trackingTables(db);
  const latest = await tables.selectFrom("latest_metrics").selectAll().where("run_id", "=", runId).orderBy("key").execute();
  const series = await tables.selectFrom("metric_series").select(["id", "key"]).where("run_id", "=", runId).execute();
  const found = new Map<string, { points: number; min: Extreme | null; max: Extreme | null }>();
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
