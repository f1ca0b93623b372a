import { expect, test } from "vitest";
import { mainMetrics } from "./telling-columns.ts";

test("metrics to compare by: losses first, no ends of intervals, none of others", () => {
  const keys = ["r2", "mae", "rmse", "rmse_low", "rmse_high", "champion_rmse", "naive_rmse", "linear_rmse", "training_seconds", "system/cpu", "business_value"];
  expect(mainMetrics(keys)).toEqual(["rmse", "mae", "r2", "business_value"]);
});
