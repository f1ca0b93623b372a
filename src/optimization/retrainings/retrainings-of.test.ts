import { describe, expect, test } from "vitest";
import type { Decision, DecisionKind, Loop } from "../types.ts";
import { loopSums } from "./loop-sums.ts";
import { retrainingsOf } from "./retrainings-of.ts";

const day = 86_400_000;
const made = (kind: DecisionKind, on: number, evidence: Record<string, unknown> = {}): Decision => ({ id: `m/${on * day}/${kind}`, endpoint: "m", time: on * day, kind, reason: kind, evidence, pipelineRunId: null });
/** A comparison as evidence holds it: the best candidate's mean difference, and what is believed of it. */
const compared = (mean: number, more: object = {}): Record<string, unknown> => ({
  yardstick: 100,
  yardstickLoss: 50,
  candidates: [
    { name: "since the change", rows: 40, difference: { n: 100, mean, variance: 400 } },
    { name: "version 1", rows: null, difference: { n: 100, mean: mean - 5, variance: 100 } },
    { name: "all rows", rows: 900, difference: null, failed: "its rows hold 1 of 2 classes" },
  ],
  belief: { mean, sd: 2 },
  gain: Math.max(0, (mean - 2) / 50),
  fits: 2,
  from: 7,
  ...more,
});

test("a retraining is an alarm and what followed, up to the next alarm", () => {
  const [first, second, third] = retrainingsOf([
    made("promoted", 1),
    made("alarm", 2),
    made("canary_started", 2, compared(10)),
    made("promoted", 5, { sureness: 0.99, worth: { regret: 3, gain: 1, price: 2 } }),
    made("alarm", 6),
    made("promoted", 6, compared(10, { sureness: 0.9999 })),
    made("alarm", 9),
  ]);
  expect(first).toMatchObject({ time: 2 * day, outcome: "promoted", atOnce: false, sureness: 0.99, worth: { regret: 3, gain: 1, price: 2 } });
  expect(first.followed.map(({ kind }) => kind)).toEqual(["canary_started", "promoted"]);
  expect(second).toMatchObject({ outcome: "promoted", atOnce: true, worth: null });
  expect(third).toMatchObject({ outcome: "open", comparison: null, sureness: null });
});

test("a candidate's interval is its mean's, 95 %; the best is marked, one that failed says why", () => {
  const [{ comparison }] = retrainingsOf([made("alarm", 2), made("canary_started", 2, compared(10))]);
  expect(comparison).toMatchObject({ yardstick: 100, championLoss: 50, fits: 2, from: 7 });
  // 1.96 · √(400/100)
  expect(comparison!.candidates[0]).toEqual({ name: "since the change", rows: 40, difference: { n: 100, mean: 10, low: 10 - 3.92, high: 10 + 3.92 }, failed: null, best: true });
  expect(comparison!.candidates.map(({ best, failed }) => [best, failed])).toEqual([[true, null], [false, null], [false, "its rows hold 1 of 2 classes"]]);
});

const nothing = { ...compared(0), candidates: [] };
test.each<[string, DecisionKind, Record<string, unknown>, string]>([
  ["a candidate went on, and the gate refused it", "gate_rejected", compared(10), "gate_rejected"],
  ["none was better", "gate_rejected", compared(-1), "none_better"],
  ["none could be compared", "gate_rejected", { ...compared(10), candidates: [{ name: "all rows", rows: 9, difference: null, failed: "why" }], belief: undefined }, "none_better"],
  ["too few rows were there", "gate_rejected", { ...nothing, yardstick: 3, belief: undefined }, "too_few_rows"],
  ["before comparisons were kept", "gate_rejected", {}, "gate_rejected"],
  ["the pipeline failed", "retraining_failed", {}, "failed"],
  ["the canary goes on", "canary_started", compared(10), "canary"],
  ["the canary of an endpoint that was removed", "rolled_back", { challenger: 2 }, "rolled_back"],
])("what came of a retraining: %s", (_, kind, evidence, outcome) => {
  const [found] = retrainingsOf([made("alarm", 2), made(kind, 2, evidence)]);
  expect(found.outcome).toBe(outcome);
});

test("decisions of before have what they have: the worth of a look among the rest, no champion's loss, no models counted", () => {
  const old = { ...compared(10), yardstickLoss: undefined, fits: undefined };
  const [found] = retrainingsOf([made("alarm", 2), made("canary_started", 2, old), made("rolled_back", 4, { regret: 3, gain: 1, price: 2, low: -1 })]);
  expect(found.worth).toEqual({ regret: 3, gain: 1, price: 2 });
  expect(found.comparison).toMatchObject({ championLoss: null, fits: null });
});

describe("the sums of a loop", () => {
  const retrain = { on: ["performance", "data"], growth: 0.3, cost: 0.05, budget: 0.25, cooldown: 3 * day, holdout: null };
  const loop = (more: object = {}): Loop => ({ startedAt: 0, project: { monitor: { window: day }, retrain: { ...retrain, ...more } } }) as unknown as Loop;
  const history = retrainingsOf([
    made("alarm", 14),
    made("canary_started", 14, compared(12)), // gains (12 − 2)/50 = 0.2
    made("promoted", 16, { worth: { regret: 9, gain: 9, price: 9 } }),
    made("alarm", 20),
    made("gate_rejected", 20, compared(-1)),
    made("alarm", 21),
    made("canary_started", 21, compared(7)), // 0.1, but it is not promoted
    made("rolled_back", 23, { gain: 8, price: 9, regret: 1 }),
    made("alarm", 30),
    made("retraining_failed", 30),
    made("alarm", 31),
  ]);

  test("count what was tried, and what of it was promoted, with its gain and no other", () => {
    expect(loopSums(loop(), history, 31 * day)).toMatchObject({ until: 31 * day, retrainings: 5, fits: 6, fitsUnknown: 2, promotions: 1, broughtNothing: 3, cost: 0.05, budget: 0.25 });
    expect(loopSums(loop(), history, 31 * day).gain).toBeCloseTo(0.2, 10);
    expect(loopSums(loop(), history, 31 * day).paid).toBeCloseTo(0.25, 10);
  });

  test("say when the budget allows the next, and when it pays", () => {
    // Four and a half a quarter of a window each, less five: 4 + 14/4 = 7.5 − 1, + 6/4 = 8 − 1, + 1/4 − 1 = 6.25, + 9/4 = 8 − 1, + 1/4 − 1 = 6.25.
    const now = loopSums(loop(), history, 31 * day);
    expect([now.saved, now.allowedAt]).toEqual([6.25, 31 * day]);
    // One that brought nothing makes the interval half as long again, and the last two did: √(2·0.05·14/0.2) is below 3 windows, then 4.5; √(2·0.05·1/0.1) 3 again; then 4.5, 6.75.
    expect(now.next).toEqual({ interval: 6.75, at: 37.75 * day, rows: 24 });
    expect(loopSums(loop({ on: ["performance"] }), history, 31 * day).next).toBeNull();
  });

  test("a budget that is spent comes back", () => {
    const daily = retrainingsOf([1, 2, 3, 4].map((on) => made("alarm", on)));
    // 4 saved at first, + 4 · 0.1, − 4.
    const sums = loopSums(loop({ budget: 0.1 }), daily, 4 * day);
    expect(sums.saved).toBeCloseTo(0.4, 10);
    expect(sums.allowedAt).toBeCloseTo(10 * day, 0);
  });

  test("of a loop that tried nothing, nor says what retrainings may cost, are those of a project without a word", () => {
    expect(loopSums(loop({ cost: undefined, budget: undefined }), [], 0)).toEqual({ until: 0, retrainings: 0, fits: 0, fitsUnknown: 0, promotions: 0, broughtNothing: 0, gain: 0, cost: 0.3, paid: 0, budget: 0.25, saved: 4, allowedAt: 0, next: { interval: 14, at: 14 * day, rows: 24 } });
  });
});
