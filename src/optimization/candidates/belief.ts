import { learn, type Belief } from "../expected-regret.ts";
import type { PairedDifference } from "./paired-difference.ts";

/** How far apart two models are taken to lie before the rows say so, as a share of the champion's loss. */
const usualDifference = 0.1;

/** What is believed of the best of several: they were chosen by the same rows, so these say less. */
export function believe(difference: PairedDifference, championLoss: number, candidates: number): Belief {
  const prior: Belief = { mean: 0, sd: usualDifference * Math.max(championLoss, 1e-9) };
  return learn(prior, { ...difference, variance: difference.variance * (1 + Math.log(candidates) / 2) });
}

/** A smaller share of the champion's loss is no gain: a model that is made again on all rows differs by as much from the one that was judged. */
const leastGain = 0.005;

/** Why a gain that the rows show, however sure, is too small for a change; undefined where it is not. */
export function trifleIn(gain: number, championLoss: number): string | undefined {
  if (gain >= leastGain * championLoss) return undefined;
  return `by ${((100 * gain) / championLoss).toPrecision(2)} % of the champion's loss, and less than ${100 * leastGain} % is no reason for a change`;
}
