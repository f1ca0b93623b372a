import type { Decision } from "./types.ts";

/**
 * The most labels that an alarm on the live error has had of the present champion, which a retraining followed that brought nothing; 0 where there was none. An
 * alarm of the very time at which it took all traffic was of its predecessor.
 *
 * @param since when the champion took all traffic, ms
 */
export const labelsTried = (decisions: readonly Pick<Decision, "kind" | "time" | "evidence">[], since: number): number =>
  Math.max(0, ...decisions.flatMap(({ kind, time, evidence }) => (kind === "alarm" && time > since && evidence["kind"] === "performance" ? [Number(evidence["labels"] ?? 0)] : [])));
