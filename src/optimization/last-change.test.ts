import { expect, test } from "vitest";
import { lastChange } from "./last-change.ts";
import type { Decision, DecisionKind } from "./types.ts";

const decisions = (...kinds: readonly (DecisionKind | number)[]): Decision[] =>
  kinds.map((kind, at) => {
    const common = { id: String(at), endpoint: "e", time: 100 * at, reason: "why", pipelineRunId: null };
    return typeof kind === "number" ? { ...common, kind: "alarm", evidence: { kind: "performance", changedAt: kind } } : { ...common, kind, evidence: { kind: "data" } };
  });

test.each<[string, readonly (DecisionKind | number)[], number | null]>([
  ["of none", [], null],
  ["of retrainings that no alarm began", ["alarm", "promoted"], null],
  ["of an alarm that a promotion answered", [42, "promoted"], 42],
  ["of one that a canary answered, though others followed that no alarm began", [42, "canary_started", "promoted", "alarm", "promoted", "alarm", "gate_rejected"], 42],
  ["of the newer of two", [42, "promoted", 242, "promoted"], 242],
  ["of the one before, where the newer brought nothing or is still judged", [42, "promoted", 242, "gate_rejected", 442, "canary_started", "rolled_back", 742, "canary_started"], 42],
])("the last change is that %s", (_, kinds, expected) => expect(lastChange(decisions(...kinds))).toBe(expected));
