import type { Decision } from "../types.ts";

/** A candidate of a retraining, beside the champion on the same rows. */
export interface ComparedCandidate {
  /** Which rows it was trained on, or `version 3`. */
  readonly name: string;
  /** Rows it was trained on for the comparison; null for a version that was there already. */
  readonly rows: number | null;
  /**
   * Champion's loss minus its own, per row (squared error, or log loss): above 0 the candidate is better. `low` to `high` is the 95 % interval of the mean, the
   * spread of windows in it; null where the candidate was not compared.
   */
  readonly difference: { readonly n: number; readonly mean: number; readonly low: number; readonly high: number } | null;
  /** Why it was not compared. */
  readonly failed: string | null;
  /** It did best of all, whether or not it is better than the champion. */
  readonly best: boolean;
}

/** How the candidates of a retraining did on the newest labelled rows. */
export interface CandidateComparison {
  /** Labelled rows that all were compared on. */
  readonly yardstick: number;
  /** The champion's mean loss on them; null in decisions of before it was kept. */
  readonly championLoss: number | null;
  /** The best first. */
  readonly candidates: readonly ComparedCandidate[];
  /** Probability that the best one is better than the champion, as far as the comparison tells. */
  readonly sureness: number | null;
  /** What it gains for sure enough: its mean less a standard error, as a share of the champion's loss; ≥ 0. */
  readonly gain: number | null;
  /** Models that were trained to find out; null in decisions of before it was counted. */
  readonly fits: number | null;
  /** The oldest row the best one is trained on, ms; null: all rows. */
  readonly from: number | null;
}

/** What one more look at a canary was worth: the loss expected of deciding now, what a look would save of it, and what it would cost. Sums of the loss over predictions. */
export interface Worth {
  readonly regret: number;
  readonly gain: number;
  readonly price: number;
}

/** `open`: nothing was decided yet. `none_better`, `too_few_rows`: no candidate went on, and why; `gate_rejected`: one did, and evaluation or gate refused it. */
export type Outcome = "open" | "canary" | "promoted" | "rolled_back" | "none_better" | "too_few_rows" | "gate_rejected" | "failed";

/** A retraining from the alarm that began it to what came of it. */
export interface Retraining {
  /** Of its alarm. */
  readonly id: string;
  readonly time: number;
  readonly alarm: Decision;
  /** What followed, in order of time. */
  readonly followed: readonly Decision[];
  readonly outcome: Outcome;
  /** Null where it came to no comparison, or was of before comparisons were kept. */
  readonly comparison: CandidateComparison | null;
  /** The challenger took all traffic without a canary. */
  readonly atOnce: boolean;
  /** Probability that the challenger is better by all that is known: after a canary, its labels too. */
  readonly sureness: number | null;
  readonly worth: Worth | null;
}
