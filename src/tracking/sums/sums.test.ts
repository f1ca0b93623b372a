import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Database } from "../../storage/database.ts";
import { transact } from "../../storage/transactions.ts";
import { forgetLogged } from "../forget-logged.ts";
import { openRun } from "../fixtures/open-ledger.ts";
import { metricHistory } from "../history.ts";
import { logMetrics } from "../log-batch.ts";
import { summarizeMetrics } from "../metric-summaries.ts";
import { readSeries } from "../series.ts";
import { trackingTables } from "../store.ts";
import { sealSlice } from "./seal.ts";

interface Logged {
  readonly step: number;
  readonly time: number;
  readonly value: number;
}

const seriesId = async (db: Database, key: string): Promise<number> =>
  (await trackingTables(db).selectFrom("metric_series").select("id").where("run_id", "=", "r1").where("key", "=", key).executeTakeFirstOrThrow()).id;

async function seal(db: Database, key: string): Promise<void> {
  const series = await seriesId(db, key);
  while ((await transact(db, (transaction) => sealSlice(transaction, series))).more);
}

/** What a chart and a summary must say, made from the points alone. */
async function expectTold(db: Database, key: string, axis: "step" | "time", range: { from?: number; to?: number }, buckets: number): Promise<void> {
  const stored = (await metricHistory(db, "r1", key)).filter((point) => point[axis] >= (range.from ?? -Infinity) && point[axis] <= (range.to ?? Infinity));
  const series = await readSeries(db, "r1", key, { axis, ...range }, buckets);
  expect(series.points).toBe(stored.length);
  for (const [name, value] of [["NaN", Number.NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]] as const) {
    const own = stored.filter((point) => Object.is(point.value, value));
    expect(series.odd.find((one) => one.value === name)).toEqual(own.length === 0 ? undefined : { value: name, count: own.length, firstStep: Math.min(...own.map(({ step }) => step)) });
  }
  if (series.exact) {
    expect(series.low).toEqual(stored.map(({ value }) => (Number.isFinite(value) ? value + 0 : null)));
    return;
  }
  // The same borders, in whole numbers of any size.
  const places = stored.map((point) => point[axis]);
  const [first, last] = axis === "step" ? [Math.min(...places), Math.max(...places)] : await timeEnds(db, key, range);
  const span = BigInt(last - first + 1);
  const many = span < BigInt(buckets) ? span : BigInt(buckets);
  const cells = [...Map.groupBy(stored, (point) => (BigInt(point[axis] - first) * many) / span)].toSorted(([one], [other]) => Number(one - other)).map(([, points]) => points);
  const finite = cells.map((points) => points.map(({ value }) => value).filter(Number.isFinite));
  expect(series.steps).toEqual(cells.map((points) => Math.min(...points.map(({ step }) => step))));
  expect(series.times).toEqual(cells.map((points) => Math.min(...points.map(({ time }) => time))));
  expect(series.low.map((value) => value ?? Infinity)).toEqual(finite.map((values) => values.reduce((least, value) => Math.min(least, value), Infinity) + 0));
  expect(series.high.map((value) => value ?? -Infinity)).toEqual(finite.map((values) => values.reduce((most, value) => Math.max(most, value), -Infinity) + 0));
  for (const [at, values] of finite.entries()) {
    if (values.length === 0) expect(series.mean[at]).toBeNull();
    else expect(series.mean[at]! / 1e3).toBeCloseTo(values.reduce((sum, value) => sum + value / values.length, 0) / 1e3, 8);
  }
}

/** Times are cut at the ends of the range, or at those of all points near it. */
async function timeEnds(db: Database, key: string, { from, to }: { from?: number; to?: number }): Promise<[number, number]> {
  const times = (await metricHistory(db, "r1", key)).map(({ time }) => time);
  return [from ?? Math.min(...times), to ?? Math.max(...times)];
}

async function expectSummary(db: Database, key: string): Promise<void> {
  const stored = await metricHistory(db, "r1", key);
  const summary = (await summarizeMetrics(db, "r1")).find((one) => one.key === key);
  const finite = stored.filter(({ value }) => Number.isFinite(value));
  const extreme = (choose: (one: number, other: number) => number) => {
    if (finite.length === 0) return null;
    const value = finite.map((point) => point.value).reduce(choose) + 0;
    return { value, step: finite.find((point) => point.value + 0 === value)!.step };
  };
  expect(summary).toMatchObject({ points: stored.length, min: extreme((a, b) => Math.min(a, b)), max: extreme((a, b) => Math.max(a, b)) });
}

const value = fc.oneof({ weight: 20, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, -0) });
/** Histories as clients write them: steps that go on, stand still or are far apart, times that go with them or back. */
const history = fc.record({
  stride: fc.constantFrom(0, 1, 3, 1_000_003),
  tick: fc.constantFrom(0, 1, 10, -7),
  seeds: fc.array(value, { minLength: 7, maxLength: 60 }),
  late: fc.array(fc.record({ at: fc.integer({ min: 0, max: 9999 }), value, sameTime: fc.boolean() }), { maxLength: 40 }),
  before: fc.boolean(),
});

test("sums tell what the points tell: whatever was logged, out of order, twice, before the beginning, between and after sums were made", { timeout: 120_000 }, async () => {
  const { db } = await openRun();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 10, max: 200 }), async ({ stride, tick, seeds, late, before }, buckets) => {
      const key = `m${run++}`;
      const log = (points: readonly Logged[]) => logMetrics(db, "r1", points.map((point) => ({ key, ...point })));
      // No two of a history are the same point.
      const pointAt = (index: number): Logged => ({ step: index * stride, time: index * tick + (stride === 0 && tick === 0 ? Math.floor(index / 3) : 0), value: seeds[index % seeds.length] });
      await log(Array.from({ length: 6000 }, (_, index) => pointAt(index)));
      await seal(db, key);
      expect((await trackingTables(db).selectFrom("metric_sums").selectAll().where("series_id", "=", await seriesId(db, key)).execute()).length).toBeGreaterThan(5);
      await log(late.map(({ at, value: other, sameTime }) => ({ ...pointAt(at), time: pointAt(at).time + (sameTime ? 0 : 5), value: other })));
      if (before) await log([{ step: -50, time: -50, value: 7 }]);
      const [some, more] = [pointAt(1500), pointAt(4000)];
      for (const _ of [0, 1]) {
        await expectTold(db, key, "step", {}, buckets);
        await expectTold(db, key, "step", { from: some.step, to: more.step }, buckets);
        await expectTold(db, key, "time", {}, buckets);
        await expectSummary(db, key);
        // Once with stale sums, once with those made anew.
        await seal(db, key);
      }
      expect(await trackingTables(db).selectFrom("metric_sums").select("series_id").where("stale", "=", 1).execute()).toEqual([]);
    }),
    { seed: 47, numRuns: 25 },
  );
});

test("what is near the end of what a double holds has a mean, and what is least of all is not lost", async () => {
  const { db } = await openRun();
  const values = Array.from({ length: 6000 }, (_, index) => (index % 2 ? Number.MAX_VALUE : Number.MIN_VALUE));
  await logMetrics(db, "r1", values.map((one, step) => ({ key: "wild", value: one, step, time: step })));
  await seal(db, "wild");
  const { mean, low, high } = await readSeries(db, "r1", "wild", { axis: "step" }, 10);
  expect(mean.map((one) => one! / Number.MAX_VALUE)).toEqual(mean.map(() => expect.closeTo(0.5, 6)));
  expect([new Set(low), new Set(high)]).toEqual([new Set([Number.MIN_VALUE]), new Set([Number.MAX_VALUE])]);
});

test("a range of times deep in a long history ends with its stored points", async () => {
  const { db } = await openRun();
  await logMetrics(db, "r1", Array.from({ length: 20_000 }, (_, step) => ({ key: "loss", value: step, step, time: step * 10 })));
  await seal(db, "loss");
  const near = await readSeries(db, "r1", "loss", { axis: "time", from: 100_005, to: 100_100 }, 100);
  expect([near.exact, near.steps]).toEqual([true, Array.from({ length: 10 }, (_, at) => 10_001 + at)]);
  await expectTold(db, "loss", "time", { from: 20_000, to: 150_000 }, 100);
});

test("a run that is forgotten leaves no sums", async () => {
  const { db } = await openRun();
  await logMetrics(db, "r1", Array.from({ length: 6000 }, (_, step) => ({ key: "loss", value: step, step, time: step })));
  await seal(db, "loss");
  await transact(db, (transaction) => forgetLogged(transaction, ["r1"]));
  expect(await trackingTables(db).selectFrom("metric_sums").selectAll().execute()).toEqual([]);
});
