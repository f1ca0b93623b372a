import { expect, test } from "vitest";
import type { Run } from "../types.ts";
import { mainMetrics, tellingParams } from "./telling-columns.ts";

const run = (params: Run["params"], metrics: Run["metrics"]): Run => ({ id: "r", experiment: "e", name: "r", status: "finished", startedAt: 0, endedAt: 0, params, metrics, tags: {} });

test("parameters that are the same everywhere have no column", () => {
  const runs = [run({ rate: "0.1", depth: "3", seed: "1" }, {}), run({ rate: "0.1", depth: "5" }, {})];
  expect(tellingParams(runs, 6)).toEqual(["depth", "seed"]);
  expect(tellingParams(runs, 1)).toEqual(["depth"]);
});

test("metrics to compare by: losses first, no ends of intervals, none of others", () => {
  const runs = [run({}, { r2: 1, mae: 1, rmse: 1, rmse_low: 1, rmse_high: 1, champion_rmse: 1, naive_rmse: 1, linear_rmse: 1, training_seconds: 1, business_value: 1 })];
  expect(mainMetrics(runs)).toEqual(["rmse", "mae", "r2", "business_value"]);
});
