import { expect, test } from "vitest";
import { cameBackFor } from "./came-back-for.ts";
import type { Decision, DecisionKind } from "./types.ts";

/** A number is an alarm on the live error that began then; a text the promotion of the candidate of that name. */
type Entry = DecisionKind | number | `name: ${string}`;
const decisions = (...kinds: readonly Entry[]): Decision[] =>
  kinds.map((kind, at) => {
    const common = { id: String(at), endpoint: "e", time: 100 * at, reason: "why", pipelineRunId: null };
    if (typeof kind === "number") return { ...common, kind: "alarm", evidence: { kind: "performance", changedAt: kind } };
    if (!kind.startsWith("name: ")) return { ...common, kind: kind as DecisionKind, evidence: { kind: "data" } };
    return { ...common, kind: "promoted", evidence: { yardstick: 40, candidates: [{ name: kind.slice(6), rows: null, difference: { n: 40, mean: 1, variance: 1 } }, { name: "version 1", rows: null, difference: null }] } };
  });

test.each<[string, readonly Entry[], number | null]>([
  ["none", [], null],
  ["none of a champion that was trained for it", [42, "name: since the change"], null],
  ["none where no alarm called for it", ["alarm", "name: version 2"], null],
  ["that of an earlier version that came back", [42, "name: version 2"], 42],
  ["still that where what followed brought nothing, or is still judged", [42, "name: version 2", "alarm", "gate_rejected", 442, "canary_started"], 42],
  ["none any more where a trained one took its place", [42, "name: version 2", 242, "name: all rows"], null],
])("the change that the champion came back for is %s", (_, kinds, expected) => expect(cameBackFor(decisions(...kinds))).toBe(expected));
