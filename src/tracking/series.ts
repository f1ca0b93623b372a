import { sql, type SqlBool } from "kysely";
import type { Database } from "../storage/database.ts";
import { hasFiniteKind, isFiniteKind, numberOf, sayableNumber, type SayableNumber } from "./metric-value.ts";
import { trackingTables } from "./store.ts";

export interface SeriesRange {
  /** What `from` and `to` (both in it) are about: steps, or milliseconds since 1970. */
  readonly axis: "step" | "time";
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A metric over a range, for a chart: every stored point when they are few, else buckets that keep the least and the greatest value. */
export interface Series {
  /** Whether these are the stored points themselves; then `low`, `high` and `mean` are the same. */
  readonly exact: boolean;
  /** How many points are stored in the range. */
  readonly points: number;
  /** The first step and moment of each point or bucket. */
  readonly steps: readonly number[];
  readonly times: readonly number[];
  /** Null for a point that is not finite, or a bucket of such. */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  /** What no chart can draw, by kind, with the first step it happened at. */
  readonly odd: readonly { readonly value: SayableNumber; readonly count: number; readonly firstStep: number }[];
}

/** Buckets asked for in one statement; between two statements others get their turn. */
const together = 100;

/** Throws nothing for a metric that is not there: it has no points. */
export async function readSeries(db: Database, runId: string, key: string, asked: SeriesRange, buckets: number): Promise<Series> {
  // Steps and milliseconds are whole; PostgreSQL takes no other number for them.
  const range = { axis: asked.axis, from: asked.from === undefined ? undefined : Math.ceil(asked.from), to: asked.to === undefined ? undefined : Math.floor(asked.to) };
  const tables = trackingTables(db);
  const series = await tables.selectFrom("metric_series").select("id").where("run_id", "=", runId).where("key", "=", key).executeTakeFirst();
  if (!series) return nothing;
  let inRange = tables.selectFrom("metric_points").where("series_id", "=", series.id);
  if (range.from !== undefined) inRange = inRange.where(range.axis, ">=", range.from);
  if (range.to !== undefined) inRange = inRange.where(range.axis, "<=", range.to);
  const few = 2 * buckets;
  const stored = await inRange.select(["step", "time", "value", "kind"]).orderBy("step").orderBy("time").orderBy("value").orderBy("kind").limit(few + 1).execute();
  if (stored.length <= few) {
    const values = stored.map((point) => (isFiniteKind(point.kind) ? point.value : null));
    return { exact: true, points: stored.length, steps: stored.map(({ step }) => step), times: stored.map(({ time }) => time), low: values, high: values, mean: values, odd: oddOf(stored) };
  }
  const ends = await inRange.select((expression) => [expression.fn.min("step").as("first"), expression.fn.max("step").as("last")]).executeTakeFirstOrThrow();
  return inBuckets(db, series.id, range, { first: Number(ends.first), last: Number(ends.last) }, buckets);
}

const nothing: Series = { exact: true, points: 0, steps: [], times: [], low: [], high: [], mean: [], odd: [] };

interface Bucket {
  readonly n: number | string;
  readonly step: number;
  readonly time: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly mean: number | null;
  readonly finite: number | string;
}

/** Buckets are ranges of steps, which the key of the table answers each by itself: no sort, and nothing is read twice. */
async function inBuckets(db: Database, series: number, range: SeriesRange, ends: { first: number; last: number }, buckets: number): Promise<Series> {
  const width = Math.max(1, (ends.last - ends.first + 1) / buckets);
  const borders = Array.from({ length: buckets + 1 }, (_, index) => ends.first + Math.ceil(index * width));
  const condition =
    range.axis === "time" ? sql`and time >= ${range.from ?? Number.MIN_SAFE_INTEGER} and time <= ${range.to ?? Number.MAX_SAFE_INTEGER}` : sql``;
  const finite = sql`case when ${hasFiniteKind} then value end`;
  const found: Bucket[] = [];
  for (let from = 0; from < buckets; from += together) {
    const parts = borders.slice(from, Math.min(from + together, buckets)).map(
      (border, index) => sql`select count(*) as n, min(step) as step, min(time) as time, min(${finite}) as low, max(${finite}) as high, avg(${finite}) as mean, count(${finite}) as finite
        from metric_points where series_id = ${series} and step >= ${border} and step < ${borders[from + index + 1]} ${condition}`,
    );
    found.push(...(await sql<Bucket>`${sql.join(parts, sql` union all `)}`.execute(db)).rows);
    await new Promise(setImmediate);
  }
  const filled = found.filter(({ n }) => Number(n) > 0).map((one) => ({ ...one, step: Number(one.step), time: Number(one.time) })).toSorted((one, other) => one.step - other.step);
  const points = filled.reduce((sum, { n }) => sum + Number(n), 0);
  const finitePoints = filled.reduce((sum, one) => sum + Number(one.finite), 0);
  return {
    exact: false,
    points,
    steps: filled.map(({ step }) => step),
    times: filled.map(({ time }) => time),
    low: filled.map(({ low }) => low),
    high: filled.map(({ high }) => high),
    mean: filled.map(({ mean }) => mean),
    odd: finitePoints === points ? [] : await oddIn(db, series, range),
  };
}

async function oddIn(db: Database, series: number, { axis, from, to }: SeriesRange): Promise<Series["odd"]> {
  let query = trackingTables(db).selectFrom("metric_points").select(["step", "value", "kind"]).where("series_id", "=", series).where(sql<SqlBool>`not ${hasFiniteKind}`);
  if (from !== undefined) query = query.where(axis, ">=", from);
  if (to !== undefined) query = query.where(axis, "<=", to);
  return oddOf(await query.orderBy("step").execute());
}

function oddOf(points: readonly { readonly step: number; readonly value: number; readonly kind: number }[]): Series["odd"] {
  const kinds = new Map<SayableNumber, { count: number; firstStep: number }>();
  for (const point of points) {
    if (isFiniteKind(point.kind)) continue;
    const value = sayableNumber(numberOf(point));
    const known = kinds.get(value);
    if (known) known.count += 1;
    else kinds.set(value, { count: 1, firstStep: point.step });
  }
  return [...kinds].map(([value, seen]) => ({ value, ...seen }));
}
