import { orderOfNumbers } from "../profile/sort-numbers.ts";

/** What one feature alone says about a target, each measured on rows that were not used to fit it. */

const folds = 5;
const mostBins = 256;
const fewestPerBin = 20;

/** Ranks from 0, ties at their mean. */
export function ranks(values: Float64Array): Float64Array {
  const order = orderOfNumbers(values);
  const ranked = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end += 1;
    for (let at = start; at < end; at += 1) ranked[order[at]] = (start + end - 1) / 2;
    start = end;
  }
  return ranked;
}

/** Pearson's r; NaN when either side is constant. */
export function pearson(one: Float64Array, other: Float64Array): number {
  const size = one.length;
  let [meanOne, meanOther] = [0, 0];
  for (let index = 0; index < size; index += 1) {
    meanOne += one[index] / size;
    meanOther += other[index] / size;
  }
  let [cross, squareOne, squareOther] = [0, 0, 0];
  for (let index = 0; index < size; index += 1) {
    const a = one[index] - meanOne;
    const b = other[index] - meanOther;
    cross += a * b;
    squareOne += a * a;
    squareOther += b * b;
  }
  return cross / Math.sqrt(squareOne * squareOther);
}

/** Spearman's rank correlation, ties at mean rank; NaN when either side is constant. */
export const spearman = (one: Float64Array, other: Float64Array): number => pearson(ranks(one), ranks(other));

/**
 * Groups for a piecewise-constant model: one per value when there are at most 256, else up to 256 of equal size, at least 20 rows (equal
 * values stay together). NaN is group 0.
 */
export function groupNumbers(values: Float64Array): Int32Array {
  const order = orderOfNumbers(values.map((value) => (Number.isNaN(value) ? -Infinity : value)));
  const groups = new Int32Array(values.length);
  const distinct = new Set(values).size;
  const binSize = Math.max(values.length / mostBins, fewestPerBin);
  let group = 0;
  let filled = 0;
  for (let at = 0; at < order.length; at++) {
    const row = order[at];
    if (Number.isNaN(values[row])) continue;
    const starts = at === 0 || values[row] !== values[order[at - 1]];
    if (starts && (group === 0 || distinct <= mostBins || filled >= binSize)) {
      group += 1;
      filled = 0;
    }
    groups[row] = group;
    filled += 1;
  }
  return groups;
}

/** R² of the mean of each group, five-fold; rows of a group that was not seen get the overall mean. */
export function groupR2(groups: Int32Array, target: Float64Array): number {
  const size = target.length;
  const width = groups.reduce((most, group) => Math.max(most, group), 0) + 1;
  const sums = new Float64Array(width * folds);
  const counts = new Float64Array(width * folds);
  for (let row = 0; row < size; row += 1) {
    const cell = groups[row] * folds + (row % folds);
    sums[cell] += target[row];
    counts[cell] += 1;
  }
  const mean = target.reduce((sum, value) => sum + value, 0) / size;
  let [residual, total] = [0, 0];
  for (let row = 0; row < size; row += 1) {
    const start = groups[row] * folds;
    let [sum, count] = [0, 0];
    for (let fold = 0; fold < folds; fold += 1) {
      if (fold === row % folds) continue;
      sum += sums[start + fold];
      count += counts[start + fold];
    }
    residual += (target[row] - (count > 0 ? sum / count : mean)) ** 2;
    total += (target[row] - mean) ** 2;
  }
  return 1 - residual / total;
}

/**
 * Accuracy of the most frequent class of each group, five-fold, and of the most frequent class overall, which is also the guess in a group
 * that was not seen; classes are 0 … `classes` − 1.
 */
export function groupAccuracy(groups: Int32Array, target: Int32Array, classes: number): { accuracy: number; base: number } {
  const size = target.length;
  const width = groups.reduce((most, group) => Math.max(most, group), 0) + 1;
  const all = new Int32Array(width * classes);
  const perFold = new Int32Array(width * classes * folds);
  const overall = new Int32Array(classes);
  for (let row = 0; row < size; row += 1) {
    const cell = groups[row] * classes + target[row];
    all[cell] += 1;
    perFold[cell * folds + (row % folds)] += 1;
    overall[target[row]] += 1;
  }
  const usual = overall.indexOf(Math.max(...overall));
  let right = 0;
  for (let group = 0; group < width; group += 1) {
    for (let fold = 0; fold < folds; fold += 1) {
      let best = usual;
      let votes = 0;
      for (let label = 0; label < classes; label += 1) {
        const cell = group * classes + label;
        const others = all[cell] - perFold[cell * folds + fold];
        if (others > votes) [best, votes] = [label, others];
      }
      right += perFold[(group * classes + best) * folds + fold];
    }
  }
  return { accuracy: right / size, base: overall[usual] / size };
}

/** Area under the ROC curve of a number as the score of class 1 (Mann–Whitney), folded so that 0.5 is chance and 1 is perfect either way. */
export function auc(values: Float64Array, target: Int32Array): number {
  const ranked = ranks(values);
  let [sum, positives] = [0, 0];
  for (let row = 0; row < target.length; row += 1) {
    if (target[row] !== 1) continue;
    sum += ranked[row] + 1;
    positives += 1;
  }
  const area = (sum - (positives * (positives + 1)) / 2) / (positives * (target.length - positives));
  return Math.max(area, 1 - area);
}
