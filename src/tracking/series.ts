import type { Database } from "../storage/database.ts";
import { isFiniteKind, numberOf, sayableNumber, type SayableNumber } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import { isIn, partsIn, readBuckets, staleParts, unsummed, type Grid, type Part } from "./sums/read-sums.ts";
import { beginning, meanOf, type Row } from "./sums/sum.ts";

export interface SeriesRange {
  /** What `from` and `to` (both in it) are about: steps, or milliseconds since 1970. */
  readonly axis: "step" | "time";
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A metric over a range, for a chart: every stored point when they are few, else buckets of equal width on the axis that keep the least and the greatest value. */
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

/** Throws nothing for a metric that is not there: it has no points. */
export async function readSeries(db: Database, runId: string, key: string, asked: SeriesRange, buckets: number): Promise<Series> {
  // Steps and milliseconds are whole; PostgreSQL takes no other number for them.
  const range = { axis: asked.axis, from: asked.from === undefined ? undefined : Math.ceil(asked.from), to: asked.to === undefined ? undefined : Math.floor(asked.to) };
  const series = await trackingTables(db).selectFrom("metric_series").select("id").where("run_id", "=", runId).where("key", "=", key).executeTakeFirst();
  if (!series) return nothing;
  const few = 2 * buckets;
  const stored = await firstPoints(db, series.id, range, few + 1);
  if (stored.length <= few) {
    const values = stored.map((point) => (isFiniteKind(point.kind) ? point.value : null));
    return { exact: true, points: stored.length, steps: stored.map(({ step }) => step), times: stored.map(({ time }) => time), low: values, high: values, mean: values, odd: oddOf(stored) };
  }
  return inBuckets(db, series.id, { axis: range.axis, ...(await endsOf(db, series.id, range)), buckets });
}

const nothing: Series = { exact: true, points: 0, steps: [], times: [], low: [], high: [], mean: [], odd: [] };

/** The points of a range in the order of a history, at most `limit`. */
async function firstPoints(db: Database, series: number, { axis, from, to }: SeriesRange, limit: number): Promise<Row[]> {
  // Steps have an index; for times the sums say in which parts to look.
  const parts = axis === "step" || (from === undefined && to === undefined) ? [everything] : await partsIn(db, series, axis, from ?? Number.MIN_SAFE_INTEGER, to ?? Number.MAX_SAFE_INTEGER);
  const found: Row[] = [];
  for (const part of parts) {
    let query = trackingTables(db).selectFrom("metric_points").select(["step", "time", "value", "kind"]).where("series_id", "=", series).where(isIn(part));
    if (from !== undefined) query = query.where(axis, ">=", from);
    if (to !== undefined) query = query.where(axis, "<=", to);
    found.push(...(await query.orderBy("step").orderBy("time").orderBy("value").orderBy("kind").limit(limit - found.length).execute()));
    if (found.length >= limit) break;
  }
  return found;
}

const everything: Part = { from: beginning, until: null };

/** Where the points of a range begin and end on its axis. */
async function endsOf(db: Database, series: number, { axis, from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER }: SeriesRange): Promise<{ first: number; last: number }> {
  const points = trackingTables(db).selectFrom("metric_points").where("series_id", "=", series).where(axis, ">=", from).where(axis, "<=", to);
  if (axis === "step") {
    // One end at a time: each is one look into the index.
    const [first, last] = [await points.select("step").orderBy("step").limit(1).executeTakeFirstOrThrow(), await points.select("step").orderBy("step", "desc").limit(1).executeTakeFirstOrThrow()];
    return { first: first.step, last: last.step };
  }
  const sums = await trackingTables(db).selectFrom("metric_sums").select(({ fn }) => [fn.min("first_time").as("first"), fn.max("last_time").as("last")]).where("series_id", "=", series).where("stale", "=", 0).where("last_time", ">=", from).where("first_time", "<=", to).executeTakeFirstOrThrow();
  const ends = sums.first === null ? [] : [{ first: Math.max(from, Number(sums.first)), last: Math.min(to, Number(sums.last)) }];
  for (const part of [...(await staleParts(db, series)), await unsummed(db, series)]) {
    const own = await points.where(isIn(part)).select(({ fn }) => [fn.min("time").as("first"), fn.max("time").as("last")]).executeTakeFirstOrThrow();
    if (own.first !== null) ends.push({ first: Number(own.first), last: Number(own.last) });
  }
  return { first: ends.reduce((least, { first }) => Math.min(least, first), Number.MAX_SAFE_INTEGER), last: ends.reduce((most, { last }) => Math.max(most, last), Number.MIN_SAFE_INTEGER) };
}

async function inBuckets(db: Database, series: number, grid: Grid): Promise<Series> {
  const { buckets, odd } = await readBuckets(db, series, grid);
  const kinds = new Map<number, { count: number; firstStep: number }>();
  for (const { kind, count, firstStep } of odd) {
    const known = kinds.get(kind);
    kinds.set(kind, { count: Number(count) + (known?.count ?? 0), firstStep: Math.min(Number(firstStep), known?.firstStep ?? Infinity) });
  }
  return {
    exact: false,
    points: buckets.reduce((sum, { n }) => sum + n, 0),
    steps: buckets.map(({ step }) => step),
    times: buckets.map(({ time }) => time),
    low: buckets.map(({ low }) => low),
    high: buckets.map(({ high }) => high),
    mean: buckets.map(({ finite, total, huge }) => meanOf(finite, total ?? 0, huge ?? 0)),
    odd: [...kinds].map(([kind, seen]) => ({ value: sayableNumber(numberOf({ value: 0, kind })), ...seen })).toSorted((one, other) => one.firstStep - other.firstStep),
  };
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
