import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openRun } from "./fixtures/open-ledger.ts";
import { metricAtSteps, metricHistory, sampleSteps } from "./history.ts";
import { deleteRunTag, logMetrics, logParams, setRunTags } from "./log-batch.ts";
import { trackingTables } from "./store.ts";
import { readRunDetails } from "./run-details.ts";
import type { MetricPoint } from "./types.ts";

const number = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, -1, 1e308, Number.MAX_VALUE));
const point: fc.Arbitrary<MetricPoint> = fc.record({ key: fc.constantFrom("a", "b"), value: number, step: fc.integer({ min: -2, max: 3 }), time: fc.integer({ min: 0, max: 2 }) });

/** NaN is the greatest, as the latest point is told. */
const rank = (value: number): number => (Number.isNaN(value) ? 0 : value);
const later = (one: MetricPoint, other: MetricPoint): number => one.step - other.step || one.time - other.time || rank(one.value) - rank(other.value) || 0;

/** A point as text, in which zero has its sign. */
const told = ({ step, time, value }: MetricPoint): string => `${step} ${time} ${Object.is(value, -0) ? "-0" : value}`;

test("every double comes back, each point once, the latest by step, time and value; however the points are batched", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(point, { maxLength: 6 }), { maxLength: 5 }), async (batches) => {
      const { db } = await openRun();
      for (const batch of [...batches, ...batches]) await logMetrics(db, "r1", batch);
      const all = batches.flat();
      for (const key of ["a", "b"]) {
        const kept = await metricHistory(db, "r1", key);
        const expected = new Set(all.filter((one) => one.key === key).map(told));
        expect(new Set(kept.map(told))).toEqual(expected);
        expect(kept.length).toBe(expected.size);
        const latest = (await readRunDetails(db, "r1")).metrics.find((one) => one.key === key);
        if (kept.length === 0) expect(latest).toBeUndefined();
        else expect(kept.every((one) => later(one, latest!) <= 0 || (Number.isNaN(one.value) || Number.isNaN(latest!.value)))).toBe(true);
      }
    }),
    { numRuns: 40, seed: 5 },
  );
});

test("histories can be read in part", async () => {
  const { db } = await openRun();
  await logMetrics(db, "r1", Array.from({ length: 10 }, (_, step) => ({ key: "m", value: step / 2, step, time: 100 - step })));
  expect((await metricHistory(db, "r1", "m", { from: 3, to: 5 })).map(({ step }) => step)).toEqual([3, 4, 5]);
  expect((await metricHistory(db, "r1", "m", { offset: 8, limit: 5 })).map(({ step }) => step)).toEqual([8, 9]);
  expect(await sampleSteps(db, ["r1"], "m", { from: 8, to: 20 }, 100)).toEqual([8, 9]);
  expect((await metricAtSteps(db, "r1", "m", [1, 2, 77])).map(({ value }) => value)).toEqual([0.5, 1]);
  expect(await metricHistory(db, "r1", "other")).toEqual([]);
});

test("a metric of a model is kept with the model, and once with the run", async () => {
  const { db } = await openRun();
  const one = { key: "m", value: 1, step: 0, time: 5 };
  await logMetrics(db, "r1", [one]);
  for (let time = 0; time < 2; time++) await logMetrics(db, "r1", [{ ...one, modelId: "m-1", datasetName: "d", datasetDigest: "1" }]);
  expect(await metricHistory(db, "r1", "m")).toHaveLength(1);
  expect(await trackingTables(db).selectFrom("model_metrics").selectAll().execute()).toEqual([
    { model_id: "m-1", run_id: "r1", key: "m", step: 0, time: 5, value: 1, kind: 0, dataset_name: "d", dataset_digest: "1" },
  ]);
});

test("a parameter is set once", async () => {
  const { db } = await openRun();
  await logParams(db, "r1", [["a", "1"], ["b", ""]]);
  await logParams(db, "r1", [["a", "1"]]);
  await expect(logParams(db, "r1", [["a", "2"]])).rejects.toThrow(
    "Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='r1'. Attempted logging new value '2'.",
  );
  await expect(logParams(db, "r1", [["c", "1"], ["c", "2"]])).rejects.toMatchObject({ code: "tracking.param_changed" });
  expect((await readRunDetails(db, "r1")).params).toEqual([{ key: "a", value: "1" }, { key: "b", value: "" }]);
});

test("tags are replaced, and the tag of the name renames the run", async () => {
  const { db } = await openRun();
  await setRunTags(db, "r1", new Map([["x", "1"]]));
  await setRunTags(db, "r1", new Map([["x", "2"], ["mlflow.runName", "second"]]));
  expect(await readRunDetails(db, "r1")).toMatchObject({ name: "second", tags: [{ key: "mlflow.runName", value: "second" }, { key: "x", value: "2" }] });
  await deleteRunTag(db, "r1", "x");
  await expect(deleteRunTag(db, "r1", "x")).rejects.toThrow("No tag with name: x in run with id r1");
});
