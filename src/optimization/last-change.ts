import { retrainingsOf } from "./retrainings/retrainings-of.ts";
import type { Decision } from "./types.ts";

/**
 * When the last change began that an alarm on the live error found and that a promotion answered, ms; null where there was none. The champion was chosen for the
 * times since; rows of before say how it would have done in times that have passed, which matters where it is an earlier version that came back and has not seen them.
 *
 * @param decisions in order of time
 */
export function lastChange(decisions: readonly Decision[]): number | null {
  const answered = retrainingsOf(decisions).findLast(({ alarm, outcome }) => outcome === "promoted" && typeof alarm.evidence["changedAt"] === "number");
  return answered ? Number(answered.alarm.evidence["changedAt"]) : null;
}
