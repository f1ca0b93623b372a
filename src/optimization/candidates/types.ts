import type { Untrained } from "../../training/untrained.ts";
import type { Belief } from "../expected-regret.ts";
import type { PairedDifference } from "./paired-difference.ts";

/** How a candidate did on the yardstick. */
export interface Candidate {
  /** Which rows it was trained on, `version 3`, or what it is that takes no training. */
  readonly name: string;
  /** Absent where it is trained, or was. */
  readonly untrained?: Untrained["kind"];
  /** Rows it was made of for this comparison; null for a version that is there already. */
  readonly rows: number | null;
  /** Champion's loss minus its own: above 0 the candidate is better; null where it could not be trained, or not be compared. */
  readonly difference: PairedDifference | null;
  /** After an alarm: the same on rows of before the change, in case that it passes. Else, of a version that is there: on the rows before the yardstick that the champion has not seen. */
  readonly before?: PairedDifference | null;
  /** Why it could not be trained, or not be compared. */
  readonly failed?: string;
}

/** What the comparison says: the rows, the champion's mean loss on them, and every candidate beside it, the best first. */
export interface Choice {
  readonly yardstick: number;
  readonly championLoss: number;
  readonly candidates: readonly Candidate[];
  /** When the change began that an alarm found, ms; null without one. */
  readonly changedAt: number | null;
  /** Of the best one: what is believed of its difference to the champion. */
  readonly belief: Belief | null;
  /** The gain that is sure of the best one: what is believed, less half its standard deviation (the best of several looks better than it is), as a share of the champion's loss; ≥ 0. */
  readonly gain: number;
  /** The oldest row the best one is trained on, ms; null: all rows. */
  readonly from: number | null;
  /** The version that is best, where it is one that is there already. */
  readonly archived: number | null;
  /** The best one is the champion recalibrated, or the naive predictor, as every other is worse and so is the champion. */
  readonly untrained?: Untrained["kind"];
  /** Models that were trained to find out. */
  readonly fits: number;
}
