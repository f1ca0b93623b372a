import type { PairedDifference } from "../candidates/paired-difference.ts";
import { surenessOf, type Belief } from "../expected-regret.ts";
import type { Decision } from "../types.ts";
import type { ComparedCandidate, CandidateComparison, Outcome, Retraining, Worth } from "./types.ts";

/**
 * The retrainings of a loop, oldest first: each alarm with the decisions up to the next one, which are what came of it (no alarm is raised while a canary runs).
 * Decisions of before comparisons were kept have none.
 *
 * @param decisions in order of time
 */
export function retrainingsOf(decisions: readonly Decision[]): Retraining[] {
  const groups: { readonly alarm: Decision; readonly followed: Decision[] }[] = [];
  for (const decision of decisions) {
    if (decision.kind === "alarm") groups.push({ alarm: decision, followed: [] });
    else groups.at(-1)?.followed.push(decision);
  }
  return groups.map(({ alarm, followed }) => {
    const compared = followed.map(comparisonOf).find((comparison) => comparison !== null) ?? null;
    const last = followed.at(-1);
    return {
      id: alarm.id,
      time: alarm.time,
      alarm,
      followed,
      outcome: outcomeOf(last, compared),
      comparison: compared,
      atOnce: last?.kind === "promoted" && followed.length === 1,
      sureness: numberOf(last?.evidence["sureness"]) ?? compared?.sureness ?? null,
      worth: followed.map(worthOf).findLast((worth) => worth !== null) ?? null,
    };
  });
}

function outcomeOf(last: Decision | undefined, comparison: CandidateComparison | null): Outcome {
  if (!last) return "open";
  switch (last.kind) {
    case "canary_started":
      return "canary";
    case "promoted":
    case "rolled_back":
      return last.kind;
    case "retraining_failed":
      return "failed";
    default:
      if (comparison && comparison.candidates.length === 0) return "too_few_rows";
      return comparison && !((comparison.sureness ?? 0) > 0.5) ? "none_better" : "gate_rejected";
  }
}

/** Candidates as a decision's evidence holds them; null where it holds none. */
function comparisonOf({ evidence }: Decision): CandidateComparison | null {
  const candidates = evidence["candidates"] as readonly { name: string; rows: number | null; difference: PairedDifference | null; failed?: string }[] | undefined;
  const belief = evidence["belief"] as Belief | undefined;
  if (!Array.isArray(candidates)) return null;
  return {
    yardstick: numberOf(evidence["yardstick"]) ?? 0,
    championLoss: candidates.length === 0 ? null : numberOf(evidence["yardstickLoss"]),
    candidates: candidates.map(({ name, rows, difference, failed }, at): ComparedCandidate => ({ name, rows, difference: difference && withInterval(difference), failed: failed ?? null, best: at === 0 && difference !== null })),
    sureness: belief ? surenessOf(belief) : null,
    gain: numberOf(evidence["gain"]),
    fits: numberOf(evidence["fits"]),
    from: numberOf(evidence["from"]),
  };
}

/** The mean with its 95 % interval (normal; the variance has the windows' spread in it). */
function withInterval({ n, mean, variance }: PairedDifference): NonNullable<ComparedCandidate["difference"]> {
  const halfWidth = 1.96 * Math.sqrt(variance / Math.max(1, n));
  return { n, mean, low: mean - halfWidth, high: mean + halfWidth };
}

/** What a look was worth, which the verdicts of before had among the rest of their evidence. */
function worthOf({ kind, evidence }: Decision): Worth | null {
  const flat = (kind === "promoted" || kind === "rolled_back") && "price" in evidence ? evidence : {};
  const { regret, gain, price } = (evidence["worth"] as Partial<Record<keyof Worth, unknown>> | undefined) ?? flat;
  const [a, b, c] = [numberOf(regret), numberOf(gain), numberOf(price)];
  return a === null || b === null || c === null ? null : { regret: a, gain: b, price: c };
}

const numberOf = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
