import { expect, test } from "vitest";
import type { Decision } from "../types.ts";
import { decisionMarkerLegend, decisionMarkers } from "./decision-markers.ts";

const decision = (kind: Decision["kind"], time: number, evidence: Record<string, unknown> = {}): Decision => ({ id: `${kind} ${time}`, endpoint: "m", time, kind, reason: "because", evidence, pipelineRunId: null });

test("an alarm marks when it was raised, and since when the loss is higher, once however often it was raised", () => {
  const decisions = [decision("alarm", 9000, { changedAt: 5000 }), decision("gate_rejected", 9000), decision("alarm", 12_000, { changedAt: 5000 }), decision("promoted", 14_000)];
  expect(decisionMarkers(decisions).map(({ x, row, ring }) => [x, row, ring ?? false])).toEqual([
    [5, 1, true],
    [9, 1, false],
    [9, 0, false],
    [12, 1, false],
    [14, 0, false],
  ]);
  expect(decisionMarkerLegend(decisions).map(({ name, ring }) => [name, ring ?? false])[0]).toEqual(["loss rose, by an alarm", true]);
});

test("alarms without a change point, as of new data and of before, have no ring", () => {
  const decisions = [decision("alarm", 9000, { rows: 3 }), decision("alarm", 9500, { changedAt: null })];
  expect(decisionMarkers(decisions).some(({ ring }) => ring)).toBe(false);
  expect(decisionMarkerLegend(decisions)).toHaveLength(1);
});
