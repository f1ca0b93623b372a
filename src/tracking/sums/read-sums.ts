import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { readAtOnce } from "../../storage/transactions.ts";
import { hasFiniteKind } from "../metric-value.ts";
import { trackingTables } from "../store.ts";
import { beginning, hugeFrom, hugeScale, type Place } from "./sum.ts";

export type Axis = "step" | "time";

/** A part of a history in its order: from a place on, up to another that is not in it; null where it has no end. */
export interface Part {
  readonly from: Place;
  readonly until: Place | null;
  /** How many points it has, where sums tell it. */
  readonly points?: number | undefined;
}

/** Buckets of equal width on an axis; both ends are in it. */
export interface Grid {
  readonly axis: Axis;
  readonly first: number;
  readonly last: number;
  readonly buckets: number;
}

/** What is known of the points of a bucket; `total` and `huge` as `Sum` has them. */
export interface Bucket {
  /** Which of the grid. */
  readonly at: number;
  readonly n: number;
  readonly step: number;
  readonly time: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly finite: number;
  readonly total: number | null;
  readonly huge: number | null;
}

export interface OddKind {
  readonly kind: number;
  readonly count: number;
  readonly firstStep: number;
}

/** Points that one statement reads; between two statements others get their turn. */
const atOnce = 16_384;
const partsAtOnce = 64;

const whole = (value: number): RawBuilder<number> => sql<number>`cast(${value} as bigint)`;
/** The bucket that a column's value lies in. Whole numbers throughout, so that sums and points are told apart by the same borders. */
const bucketOf = (column: string, { first, last, buckets }: Grid): RawBuilder<number> => {
  const span = last - first + 1;
  // The product stays below 2^63.
  const most = Math.max(1, Math.min(buckets, span, Math.floor(9e18 / span)));
  return sql<number>`(${sql.ref(column)} - ${whole(first)}) * ${whole(most)} / ${whole(span)}`;
};

/** The part of a history that no sum covers yet. */
export async function unsummed(db: Database, series: number): Promise<Part> {
  const row = await trackingTables(db).selectFrom("metric_series").select(["summed_step", "summed_time"]).where("id", "=", series).executeTakeFirst();
  return { from: row?.summed_step == null || row.summed_time === null ? beginning : [row.summed_step, row.summed_time], until: null };
}

/** The condition that sums have points in a range of an axis, or may have since they are stale. */
const mayTouch = (axis: Axis, from: number, to: number) =>
  sql<SqlBool>`(stale = 1 or (${sql.ref(`last_${axis}`)} >= ${whole(from)} and ${sql.ref(`first_${axis}`)} <= ${whole(to)}))`;

/** The parts of a history in which points of a range of an axis can be, in order. */
export async function partsIn(db: Database, series: number, axis: Axis, from: number, to: number): Promise<Part[]> {
  const rest = await unsummed(db, series);
  return [...(await readParts(db, series, mayTouch(axis, from, to))), rest];
}

/** The parts whose sums are stale. */
export const staleParts = (db: Database, series: number): Promise<Part[]> => readParts(db, series, sql<SqlBool>`stale = 1`);

async function readParts(db: Database, series: number, condition: RawBuilder<SqlBool>): Promise<Part[]> {
  const rows = await trackingTables(db).selectFrom("metric_sums").select(["from_step", "from_time", "until_step", "until_time", "points", "stale"]).where("series_id", "=", series).where(condition).orderBy("from_step").orderBy("from_time").execute();
  const parts: { from: Place; until: Place; points: number | undefined }[] = [];
  for (const row of rows) {
    const last = parts.at(-1);
    const [until, points]: [Place, number | undefined] = [[row.until_step, row.until_time], row.stale === 1 ? undefined : row.points];
    if (last && last.until[0] === row.from_step && last.until[1] === row.from_time) Object.assign(last, { until, points: last.points === undefined || points === undefined ? undefined : last.points + points });
    else parts.push({ from: [row.from_step, row.from_time], until, points });
  }
  return parts;
}

/** The buckets of a grid that have points, and what in them is not finite. Sums are read where they lie in one bucket whole, points everywhere else. */
export async function readBuckets(db: Database, series: number, grid: Grid): Promise<{ readonly buckets: Bucket[]; readonly odd: OddKind[] }> {
  const { axis, first, last } = grid;
  const fits = sql<SqlBool>`stale = 0 and ${sql.ref(`first_${axis}`)} >= ${whole(first)} and ${sql.ref(`last_${axis}`)} <= ${whole(last)}
    and ${bucketOf(`first_${axis}`, grid)} = ${bucketOf(`last_${axis}`, grid)}`;
  // At one moment: a sum that is made anew between the two would be in neither.
  const { sums, parts } = await readAtOnce(db, async (transaction) => {
    const found = await sql<Bucket & Record<`${"nan" | "up" | "down"}_${"points" | "step"}`, number | null>>`
      select ${bucketOf(`first_${axis}`, grid)} as at, sum(points) as n, min(first_step) as step, min(first_time) as time, min(low) as low, max(high) as high, sum(finite) as finite, sum(total) as total, sum(huge) as huge,
        sum(nan_points) as nan_points, min(nan_step) as nan_step, sum(up_points) as up_points, min(up_step) as up_step, sum(down_points) as down_points, min(down_step) as down_step
      from metric_sums where series_id = ${series} and ${fits} group by 1`.execute(transaction);
    const others = await readParts(transaction, series, sql<SqlBool>`${mayTouch(axis, first, last)} and not (${fits})`);
    return { sums: found.rows, parts: [...others, await unsummed(transaction, series)] };
  });
  const buckets = new Map<number, Bucket>(sums.map((row) => [row.at, numeric(row)]));
  const odd: OddKind[] = sums.flatMap((row) => ([["nan", 2], ["up", 1], ["down", -1]] as const).flatMap(([name, kind]) => (Number(row[`${name}_points`]) > 0 ? [{ kind, count: Number(row[`${name}_points`]), firstStep: Number(row[`${name}_step`]) }] : [])));
  // With a sign, so that the index is entered by the bounds of the part, which are narrower.
  const within = sql`series_id = ${series} and +${sql.ref(axis)} >= ${whole(first)} and +${sql.ref(axis)} <= ${whole(last)}`;
  for await (const some of pieces(db, series, parts)) {
    const read = await sql<Bucket>`${sql.join(some.map((part) => sql`select ${bucketOf(axis, grid)} as at, count(*) as n, min(step) as step, min(time) as time, min(${finite}) as low, max(${finite}) as high, count(${finite}) as finite,
        sum(case when abs(value) <= ${hugeFrom} then ${finite} end) as total, sum(case when abs(value) > ${hugeFrom} then ${finite} / ${hugeScale} end) as huge
      from metric_points where ${within} and ${isIn(part)} group by 1`), sql` union all `)}`.execute(db);
    for (const row of read.rows.map(numeric)) buckets.set(row.at, together(buckets.get(row.at), row));
    if (read.rows.some(({ n, finite: ends }) => Number(n) > Number(ends)))
      odd.push(...(await sql<OddKind>`${sql.join(some.map((part) => sql`select kind, count(*) as count, min(step) as "firstStep" from metric_points where ${within} and ${isIn(part)} and not ${hasFiniteKind} group by kind`), sql` union all `)}`.execute(db)).rows);
    await new Promise(setImmediate);
  }
  return { buckets: [...buckets.values()].toSorted((one, other) => one.at - other.at), odd };
}

const finite = sql<number>`case when ${hasFiniteKind} then value end`;

const numeric = (row: Bucket): Bucket => ({ at: Number(row.at), n: Number(row.n), step: Number(row.step), time: Number(row.time), low: row.low, high: row.high, finite: Number(row.finite), total: row.total, huge: row.huge });

const together = (one: Bucket | undefined, other: Bucket): Bucket =>
  one === undefined
    ? other
    : {
        at: one.at,
        n: one.n + other.n,
        step: Math.min(one.step, other.step),
        time: Math.min(one.time, other.time),
        low: one.low === null || other.low === null ? (one.low ?? other.low) : Math.min(one.low, other.low),
        high: one.high === null || other.high === null ? (one.high ?? other.high) : Math.max(one.high, other.high),
        finite: one.finite + other.finite,
        total: (one.total ?? 0) + (other.total ?? 0),
        huge: (one.huge ?? 0) + (other.huge ?? 0),
      };

/** The condition that a point lies in a part of its history. */
export const isIn = ({ from, until }: Part): RawBuilder<SqlBool> =>
  until ? sql<SqlBool>`(step, time) >= (${from[0]}, ${from[1]}) and (step, time) < (${until[0]}, ${until[1]})` : sql<SqlBool>`(step, time) >= (${from[0]}, ${from[1]})`;

/** Parts cut into pieces that one statement reads, some of them at once where they are short. */
async function* pieces(db: Database, series: number, parts: readonly Part[]): AsyncGenerator<Part[]> {
  let some: Part[] = [];
  for (const part of parts) {
    let { from } = part;
    while (part.points === undefined || part.points > atOnce) {
      const next = await sql<{ step: number; time: number }>`select step, time from metric_points where series_id = ${series} and ${isIn({ from, until: part.until })} order by step, time limit 1 offset ${atOnce}`.execute(db);
      // Where so many have one step and time they are read at once.
      if (next.rows.length === 0 || (next.rows[0].step === from[0] && next.rows[0].time === from[1])) break;
      const until: Place = [next.rows[0].step, next.rows[0].time];
      yield [{ from, until }];
      from = until;
    }
    some.push({ from, until: part.until });
    if (some.length < partsAtOnce) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
