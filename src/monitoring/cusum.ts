/**
 * One-sided tabular CUSUM (Page 1954; Montgomery, Introduction to Statistical Quality Control, §9.1) over losses relative to a
 * reference: S ← max(0, S + x/reference − 1 − slack), alarm when S > threshold. It adds up small excesses, so a slow decay is found as
 * surely as a jump, and it forgets what a better window makes good.
 *
 * @param losses the loss of each window, oldest first
 * @param weights how much each window counts, from 0 to 1: one of a few labels says little
 * @param reference the loss expected of the model, > 0
 * @param cap the most one window may add, so that a single odd window does not raise the alarm alone
 * @returns S after each window
 */
export function cusum(losses: readonly number[], weights: readonly number[], reference: number, slack: number, cap = Number.POSITIVE_INFINITY): number[] {
  if (!(reference > 0)) throw new RangeError(`the reference loss must be above 0, got ${reference}`);
  let level = 0;
  return losses.map((loss, at) => (level = Math.max(0, level + weights[at] * Math.min(cap, loss / reference - 1 - slack))));
}
