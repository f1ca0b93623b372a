import { orderOfNumbers } from "../data/profile/sort-numbers.ts";

/**
 * Area under the ROC curve by the rank statistic with ties counted half (equal to scikit-learn's trapezoid with ties grouped), over
 * weighted rows. `order` are the rows by rising score. NaN when one class has no weight.
 */
export function rocAuc(order: Uint32Array, scores: Float64Array, positive: (row: number) => boolean, weights: Float64Array): number {
  let [below, area, positives, negatives] = [0, 0, 0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    let [tiedPositive, tiedNegative] = [0, 0];
    const score = scores[order[start]];
    for (; end < order.length && scores[order[end]] === score; end++) {
      const row = order[end];
      if (positive(row)) tiedPositive += weights[row];
      else tiedNegative += weights[row];
    }
    area += tiedPositive * (below + tiedNegative / 2);
    below += tiedNegative;
    positives += tiedPositive;
    negatives += tiedNegative;
    start = end;
  }
  return area / (positives * negatives);
}

/** Row numbers by rising score, of which none is NaN. */
export const rank = (scores: Float64Array): Uint32Array => orderOfNumbers(scores);
