import { expect, test } from "vitest";
import type { MetricRule } from "../project/project.ts";
import { judge } from "./gate.ts";
import type { Evaluation } from "./types.ts";

const around = (value: number) => ({ value, low: value * 0.9, high: value * 1.1 });

const regression = (more: Partial<Evaluation> = {}): Evaluation => ({
  rows: 100,
  target: "cnt",
  task: "regression",
  metrics: { rmse: around(80), mae: around(50), r2: around(0.8) },
  naive: { rmse: 160, mae: 120, r2: 0 },
  baseline: null,
  champion: null,
  notCompared: null,
  slices: [],
  calibration: [],
  ...more,
});

const champion = (loss: number, low: number, high: number): Partial<Evaluation> => ({ champion: { version: 3, metrics: { rmse: loss, r2: 0.9 }, loss, difference: { value: (low + high) / 2, low, high } } });

const shown = "rmse 80 (95 % interval 72 to 88)";

test.each<[string, Partial<Evaluation>, Record<string, MetricRule>, string, boolean, string]>([
  ["the limit is kept", {}, { rmse: { max: 80 } }, "rmse.max", true, `${shown} is within the limit of 80`],
  ["the limit is broken", {}, { rmse: { max: 79.9 } }, "rmse.max", false, `${shown} is above the limit of 79.9`],
  ["the least is reached", {}, { r2: { min: 0.8 } }, "r2.min", true, "r2 0.8 (95 % interval 0.72 to 0.88) reaches the 0.8 asked for"],
  ["the least is missed", {}, { r2: { min: 0.81 } }, "r2.min", false, "r2 0.8 (95 % interval 0.72 to 0.88) is below the 0.81 asked for"],
  ["better than naive without a rule", {}, {}, "rmse.better_than_naive", true, `${shown} against 160 of the naive predictor: 50.0 % better`],
  ["worse than naive without a rule", { naive: { rmse: 40 } }, {}, "rmse.better_than_naive", false, `${shown} against 40 of the naive predictor: 100.0 % worse`],
  ["as much better than naive as asked", {}, { rmse: { better_than_naive: 0.5 } }, "rmse.better_than_naive", true, `${shown} against 160 of the naive predictor: 50.0 % better, asked for were 50.0 %`],
  ["not as much better than naive", {}, { rmse: { better_than_naive: 0.6 } }, "rmse.better_than_naive", false, `${shown} against 160 of the naive predictor: 50.0 % better, asked for were 60.0 %`],
  ["a metric of which more is better", {}, { r2: { better_than_naive: 0.1 } }, "r2.better_than_naive", true, "r2 0.8"],
  ["as much better than the champion as asked", champion(100, 5, 30), { rmse: { better_than_champion: 0.2 } }, "rmse.better_than_champion", true, `${shown} against 100 of the champion (version 3): 20.0 % better, asked for were 20.0 %`],
  ["not as much better than the champion", champion(90, 2, 15), { rmse: { better_than_champion: 0.2 } }, "rmse.better_than_champion", false, `${shown} against 90 of the champion (version 3): 11.1 % better`],
  ["no worse than the champion as far as can be told", champion(78, -6, 1), {}, "rmse.not_worse_than_champion", true, "rmse 80 against 78 of the champion (version 3); the champion's minus this model's is -2.5 (-6 to 1)"],
  ["worse than the champion", champion(60, -30, -12), {}, "rmse.not_worse_than_champion", false, "rmse 80 against 60 of the champion (version 3); the champion's minus this model's is -21 (-30 to -12), so this model is worse"],
  ["a champion that cannot be compared", { notCompared: "it has seen these rows" }, {}, "rmse.not_worse_than_champion", true, "not judged: it has seen these rows"],
  ["a metric that is not there", {}, { accuracy: { min: 0.9 } }, "accuracy", false, "there is no metric accuracy here; there are rmse, mae, r2"],
  ["a perfect model against a perfect naive one", { metrics: { rmse: { value: 0, low: 0, high: 0 } }, naive: { rmse: 0 } }, {}, "rmse.better_than_naive", true, "against 0 of the naive predictor: no worse"],
  ["a model that errs where the naive one does not", { naive: { rmse: 0 } }, {}, "rmse.better_than_naive", false, "against 0 of the naive predictor: worse"],
])("%s", (_, more, rules, name, passed, reason) => {
  const verdict = judge(regression(more), rules);
  const check = verdict.checks.find((one) => one.name === name);
  expect(check).toEqual({ name, passed, reason: expect.stringContaining(reason) as string });
  expect(check!.reason).not.toMatch(/NaN|undefined|Infinity/);
  expect(verdict.passed).toBe(passed);
});

test("a model goes on only if every check passes", () => {
  const verdict = judge(regression(), { rmse: { max: 100 }, mae: { max: 10 }, r2: { min: 0.5 } });
  expect(verdict.checks.map((check) => [check.name, check.passed])).toEqual([["rmse.max", true], ["rmse.better_than_naive", true], ["mae.max", false], ["r2.min", true]]);
  expect(verdict.passed).toBe(false);
});

test("classes are judged by log loss", () => {
  const verdict = judge(regression({ task: "binary", metrics: { log_loss: around(0.4) }, naive: { log_loss: 0.3 } }), {});
  expect(verdict.checks).toMatchObject([{ name: "log_loss.better_than_naive", passed: false }]);
});
