import { expect, test } from "vitest";
import type { Decision, Rollout } from "../types.ts";
import { evidenceOf } from "./rollout-evidence.ts";
import { hasEnd, widestOf } from "./whisker-scale.ts";

const rollout = (startedAt: number, decidedAt: number | null, state: Rollout["state"]): Rollout => ({ id: "r", endpoint: "m", championVersion: 1, challengerVersion: 2, startedAt, state, decidedAt });
const decision = (kind: Decision["kind"], time: number, evidence: Record<string, unknown>): Decision => ({ id: "d", endpoint: "m", time, kind, reason: "because", evidence, pipelineRunId: null });
const compared = { labels: 25, championLoss: 30, challengerLoss: 20, difference: 500, low: 40, high: 960 };

test.each<[string, Rollout, Decision[], unknown]>([
  ["a canary's labels are live", rollout(1, 4, "promoted"), [decision("promoted", 4, { ...compared, belief: {} })], { ...compared, on: "live" }],
  ["who took all traffic at once was compared before", rollout(4, 4, "promoted"), [decision("alarm", 4, {}), decision("promoted", 4, compared)], { ...compared, on: "yardstick" }],
  ["a canary that goes on has none", rollout(1, null, "canary"), [decision("canary_started", 1, {})], undefined],
  ["nor has one whose endpoint was removed", rollout(1, 4, "rolled_back"), [decision("rolled_back", 4, { challenger: 2 })], undefined],
  ["nor one without a comparison", rollout(4, 4, "promoted"), [decision("promoted", 4, { reference: 3 })], undefined],
])("%s", (_, one, decisions, expected) => expect(evidenceOf(one, decisions)).toEqual(expected));

test("a scale reaches the intervals that have an end", () => {
  const endless = { low: -Number.MAX_VALUE, high: Number.MAX_VALUE };
  expect(widestOf([{ low: -3, high: 2 }, endless])).toBe(3);
  expect(widestOf([])).toBeGreaterThan(0);
  expect([hasEnd(endless), hasEnd({ low: -3, high: 2 })]).toEqual([false, true]);
});
