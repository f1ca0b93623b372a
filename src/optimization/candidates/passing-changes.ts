import { horizonWindows } from "../expected-regret.ts";

/**
 * How much a row after a change's end weighs beside one while it lasts, when a model is chosen for the changed times. A change that has lasted w windows lasts
 * longer than t more with the probability w/(w+t), as nothing else is known of it (Gott 1993), so w·ln(1 + h/w) of the next h windows are expected to be of it;
 * when it passes, the wrong model answers until that is seen and mended.
 *
 * @param lasted windows since the change, > 0
 * @param delay windows until a return is seen and mended
 */
export const riskOfReturn = (lasted: number, delay: number): number => delay / (lasted * Math.log(1 + horizonWindows / lasted));

/** Fewer rows say nothing of the times before, and more say no more. */
const [fewest, most] = [24, 500];

/**
 * Rows of the times before a change: the newest that the champion has not seen, up to 500; of those that it was trained on where there are fewer than 24 others,
 * which flatters it.
 */
export function rowsBefore(ordered: Uint32Array, times: Float64Array, seenUntil: number, changedAt: number): Uint32Array {
  const before = ordered.filter((row) => !(times[row] >= changedAt));
  const unseen = before.filter((row) => times[row] > seenUntil);
  return (unseen.length >= fewest ? unseen : before).slice(-most);
}
