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

/**
 * What a challenger is expected to lose, per prediction while the change lasts, when the change passes.
 *
 * @param before its mean gain in loss on rows of before the change; below 0 it is worse there
 * @param lasted windows from the change until now
 * @param times how long a label takes and a window is, ms: a change's end is seen and mended after two windows of labels, and the time these take
 */
export const lossOfReturn = (before: number, lasted: number, { labelDelay, window }: { readonly labelDelay: number; readonly window: number }): number =>
  riskOfReturn(Math.max(1, lasted), 2 + labelDelay / window) * Math.max(0, -before);

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

/** So many more rows are asked about where there was no change: a version that was replaced once is better again for a longer time, or by luck. */
const mostUnseen = 2000;

/** Of rows in order of time, before the yardstick: those that the champion has not seen, the newest 2000; none of before the last change (ms), where there was one. */
export const unseenBefore = (before: Uint32Array, times: Float64Array, seenUntil: number, cameBackFor: number | null): Uint32Array =>
  before.filter((row) => times[row] > seenUntil && (cameBackFor === null || times[row] >= cameBackFor)).slice(-mostUnseen);
