import * as fc from "fast-check";
import { expect, test } from "vitest";
import { logHistory } from "./fixtures/log-history.ts";
import { openRun } from "./fixtures/open-ledger.ts";
import { summarizeMetrics } from "./metric-summaries.ts";
import { readSeries } from "./series.ts";

const values = Array.from({ length: 5000 }, (_, step) => Math.sin(step / 50) + (step === 1234 ? 9 : 0) - (step === 4321 ? 9 : 0));

test("many points become buckets that keep the least, the greatest, the mean and the count", async () => {
  const { db } = await openRun();
  await logHistory(db, "r1", "loss", values);
  const all = await readSeries(db, "r1", "loss", { axis: "step" }, 100);
  expect([all.exact, all.points, all.steps.length]).toEqual([false, 5000, 100]);
  expect(Math.max(...all.high.map(Number))).toBe(Math.max(...values));
  expect(Math.min(...all.low.map(Number))).toBe(Math.min(...values));
  for (const [bucket, step] of all.steps.entries()) {
    const own = values.slice(step, all.steps[bucket + 1]);
    expect([all.low[bucket], all.high[bucket], all.times[bucket]]).toEqual([Math.min(...own), Math.max(...own), step * 10]);
    expect(all.mean[bucket]).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / own.length, 10);
  }
});

test("zooming in ends with every stored point, on either axis", async () => {
  const { db } = await openRun();
  await logHistory(db, "r1", "loss", values);
  const near = await readSeries(db, "r1", "loss", { axis: "step", from: 1200, to: 1300 }, 100);
  expect([near.exact, near.points, near.mean]).toEqual([true, 101, values.slice(1200, 1301)]);
  expect(await readSeries(db, "r1", "loss", { axis: "time", from: 12_000, to: 13_000 }, 100)).toEqual(near);
  const wide = await readSeries(db, "r1", "loss", { axis: "time", from: 10_000, to: 29_990 }, 100);
  expect([wide.exact, wide.points, Math.max(...wide.high.map(Number))]).toEqual([false, 2000, values[1234]]);
});

test("any history in any number of buckets loses no point, no least and no greatest", async () => {
  const { db } = await openRun();
  let run = 0;
  const step = fc.integer({ min: -1e9, max: 1e9 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(step, { minLength: 1, maxLength: 120 }), fc.integer({ min: 10, max: 40 }), async (steps, buckets) => {
      const key = `m${run++}`;
      for (const one of steps) await logHistory(db, "r1", key, [one % 97], one);
      const read = await readSeries(db, "r1", key, { axis: "step" }, buckets);
      expect(read.points).toBe(steps.length);
      expect([Math.min(...read.low.map(Number)), Math.max(...read.high.map(Number))]).toEqual([Math.min(...steps.map((one) => one % 97)), Math.max(...steps.map((one) => one % 97))]);
      expect(read.steps).toEqual(read.steps.toSorted((a, b) => a - b));
    }),
    { seed: 31, numRuns: 40 },
  );
});

test("what is not finite is told and breaks nothing, few points or many", async () => {
  const { db } = await openRun();
  await logHistory(db, "r1", "few", [1, Number.NaN, Infinity, 2, Number.NaN]);
  expect(await readSeries(db, "r1", "few", { axis: "step" }, 100)).toMatchObject({ mean: [1, null, null, 2, null], odd: [{ value: "NaN", count: 2, firstStep: 1 }, { value: "Infinity", count: 1, firstStep: 2 }] });
  await logHistory(db, "r1", "many", values.map((value, index) => (index % 1000 === 999 ? -Infinity : value)));
  const many = await readSeries(db, "r1", "many", { axis: "step" }, 100);
  expect(many.odd).toEqual([{ value: "-Infinity", count: 5, firstStep: 999 }]);
  expect(Math.min(...many.low.map(Number))).toBe(values[4321]);
});

test("a metric that is not there has no points", async () => expect((await readSeries((await openRun()).db, "r1", "none", { axis: "step" }, 100)).points).toBe(0));

test("a metric in short: the latest, the least and the greatest with the first step they were reached at", async () => {
  const { db } = await openRun();
  await logHistory(db, "r1", "loss", [3, 1, Number.NaN, 5, 1, 5, 4]);
  await logHistory(db, "r1", "odd", [Number.NaN]);
  await logHistory(db, "r1", "zero", [1, -0, 2]);
  expect(await summarizeMetrics(db, "r1")).toEqual([
    { key: "loss", latest: 4, latestStep: 6, points: 7, min: { value: 1, step: 1 }, max: { value: 5, step: 3 } },
    { key: "odd", latest: "NaN", latestStep: 0, points: 1, min: null, max: null },
    { key: "zero", latest: 2, latestStep: 2, points: 3, min: { value: 0, step: 1 }, max: { value: 2, step: 2 } },
  ]);
});
