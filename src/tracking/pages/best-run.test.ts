import { expect, test } from "vitest";
import type { RunRow } from "../run-table.ts";
import { bestRuns, directionOf } from "./best-run.ts";

test.each([
  ["rmse", "least"],
  ["val_loss", "least"],
  ["eval/log_loss", "least"],
  ["training_root_mean_squared_error", "least"],
  ["mae_test", "least"],
  ["accuracy", "greatest"],
  ["val_accuracy_score", "greatest"],
  ["f1_macro", "greatest"],
  ["roc_auc", "greatest"],
  ["best_score", undefined],
  ["glossary", undefined],
  ["space", undefined],
  ["latency", undefined],
])("%s: the %s is best", (metric, expected) => expect(directionOf(metric)).toBe(expected));

test("what failed or diverged wins nothing, and equal ones win together", () => {
  const run = (id: string, status: RunRow["status"], rmse?: number | string): RunRow => ({ id, experimentId: "0", name: id, status, startedAt: 0, endedAt: 1, userId: "", children: 0, values: rmse === undefined ? {} : { "metrics.rmse": rmse } });
  const runs = [run("a", "finished", 3), run("b", "failed", 1), run("c", "finished", "NaN"), run("d", "running", 2), run("e", "finished", 2), run("f", "killed", 9), run("g", "finished"), run("h", "finished", "-Infinity")];
  expect(bestRuns(runs, "rmse", "least")).toMatchObject({ best: [{ id: "d" }, { id: "e" }], value: 2, of: 3 });
  expect(bestRuns(runs, "rmse", "greatest")).toMatchObject({ best: [{ id: "a" }], value: 3 });
  expect(bestRuns(runs, "mae", "least")).toBeUndefined();
});
