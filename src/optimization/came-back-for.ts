import { retrainingsOf } from "./retrainings/retrainings-of.ts";
import type { Decision } from "./types.ts";

/**
 * When the change began that the champion, an earlier version, came back for, ms; null of any other champion. It was chosen for the times since; rows of before, which it may never have
 * seen, say only how it would have done in times that have passed. (A champion that was trained on the newest rows has seen those of before.)
 *
 * @param decisions in order of time
 */
export function cameBackFor(decisions: readonly Decision[]): number | null {
  const promoted = retrainingsOf(decisions).findLast(({ outcome }) => outcome === "promoted");
  const changedAt = promoted?.alarm.evidence["changedAt"];
  return typeof changedAt === "number" && promoted?.comparison?.candidates[0]?.name.startsWith("version ") === true ? changedAt : null;
}
