import { expect, test } from "vitest";
import { openRun } from "./fixtures/open-ledger.ts";
import { sampleSteps } from "./history.ts";
import { logMetrics } from "./log-batch.ts";

async function withSteps(steps: readonly number[]) {
  const { db } = await openRun();
  await logMetrics(db, "r1", steps.map((step) => ({ key: "m", value: step, step, time: step })));
  return db;
}

const upTo = (count: number, by = 1): number[] => Array.from({ length: count }, (_, at) => at * by);

test.each<[string, number[], { from?: number; to?: number }, number[]]>([
  ["few: all", upTo(4), {}, [0, 1, 2, 3]],
  ["more than asked for: evenly, and the last", upTo(10), {}, [0, 2, 4, 6, 8, 9]],
  ["far more: evenly, and the last", upTo(1000), {}, [0, 200, 400, 600, 800, 999]],
  ["far apart: the next one that is there", upTo(1000, 10), {}, [0, 2000, 4000, 6000, 8000, 9990]],
  ["of a range", upTo(1000), { from: 100, to: 599 }, [100, 200, 300, 400, 500, 599]],
  ["one far away: by their order, not by their distance", [...upTo(99), 1_000_000], {}, [0, 20, 40, 60, 80, 1_000_000]],
  ["none", [], {}, []],
])("%s", async (_, steps, range, expected) => {
  expect(await sampleSteps(await withSteps(steps), ["r1"], "m", { from: range.from, to: range.to }, 5)).toEqual(expected);
});
