import type { CanaryEvidence, Decision, Rollout } from "../types.ts";

/** What decided a rollout, and on which rows. */
export interface RolloutEvidence extends CanaryEvidence {
  /** `live`: labelled requests that both scored during the canary; `yardstick`: the comparison before it, where the challenger took all traffic at once. */
  readonly on: "live" | "yardstick";
}

/** The evidence of the decision that ended a rollout; absent while it goes on, and where it ended without a comparison. */
export function evidenceOf(rollout: Rollout, decisions: readonly Decision[]): RolloutEvidence | undefined {
  const decision = decisions.find((one) => one.kind === rollout.state && one.time === rollout.decidedAt);
  if (!decision) return undefined;
  const { labels, championLoss, challengerLoss, difference, low, high } = decision.evidence as Partial<Record<keyof CanaryEvidence, unknown>>;
  const numbers = { labels, championLoss, challengerLoss, difference, low, high };
  if (Object.values(numbers).some((value) => typeof value !== "number")) return undefined;
  return { ...(numbers as CanaryEvidence), on: isAtOnce(rollout) ? "yardstick" : "live" };
}

/** A rollout that was decided when it began had no canary. */
export const isAtOnce = ({ startedAt, decidedAt }: Rollout): boolean => startedAt === decidedAt;
