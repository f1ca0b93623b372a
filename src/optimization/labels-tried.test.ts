import { expect, test } from "vitest";
import { labelsTried } from "./labels-tried.ts";

const alarm = (time: number, labels: number, kind = "performance") => ({ kind: "alarm" as const, time, evidence: { kind, labels } });

test.each<[string, Parameters<typeof labelsTried>[0], number]>([
  ["no alarm", [], 0],
  ["the alarm after which the champion took all traffic at once", [alarm(100, 96), { kind: "promoted", time: 100, evidence: {} }], 0],
  ["an alarm of its own that brought nothing", [alarm(100, 96), { kind: "promoted", time: 100, evidence: {} }, alarm(150, 40), { kind: "gate_rejected", time: 150, evidence: {} }], 40],
  ["the latest of several", [alarm(150, 40), alarm(180, 85)], 85],
  ["new rows", [alarm(150, 40, "data")], 0],
])("labels tried: %s", (_, decisions, expected) => expect(labelsTried(decisions, 100)).toBe(expected));
