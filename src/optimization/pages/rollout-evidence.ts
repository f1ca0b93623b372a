import type { CanaryEvidence, Decision, Rollout } from "../types.ts";

/** What decided a rollout: the evidence of the decision that ended it; absent while it goes on. */
export function evidenceOf(rollout: Rollout, decisions: readonly Decision[]): CanaryEvidence | undefined {
  const decision = decisions.find((one) => one.kind === rollout.state && one.time === rollout.decidedAt);
  return decision && (decision.evidence as unknown as CanaryEvidence);
}
