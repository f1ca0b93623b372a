import type { Split, SplitContext } from "./split.ts";

/** Most categories on the smaller side of a split, as in LightGBM (max_cat_threshold). */
const mostCategories = 32;
/** Splits of so few categories need no extra penalty: there is little to choose from (LightGBM's max_cat_to_onehot). */
const fewCategories = 4;

/**
 * Parts the categories of a node in two. Sorted by gradient over hessian, the best of all subsets is a prefix of that
 * order (Fisher 1958); rare categories are pulled to the middle and stay with the rest, and both ends are tried
 * (LightGBM's FindBestThresholdCategorical). A missing value counts as a category of its own.
 */
export function findCategorySplit(context: SplitContext, best: Split): boolean {
  const { params, histogram, offset, stride, bins } = context;
  const present: number[] = [];
  let used = 0;
  for (let bin = 0; bin <= bins; bin++) {
    const count = histogram[offset + bin * stride + stride - 1];
    if (count > 0) used++;
    if (count >= Math.max(1, params.category_smoothing)) present.push(bin);
  }
  if (used < 2) return false;
  const rank = (bin: number): number =>
    histogram[offset + bin * stride] / (histogram[offset + bin * stride + 1] + params.category_smoothing);
  const ranks = new Map(present.map((bin) => [bin, rank(bin)]));
  present.sort((a, b) => ranks.get(a)! - ranks.get(b)! || a - b);
  const most = Math.min(mostCategories, (used + 1) >> 1);
  const extraL2 = used <= fewCategories ? 0 : params.category_l2;
  const up = tryPrefixes(context, best, present, most, extraL2);
  return tryPrefixes(context, best, present.reverse(), most, extraL2) || up;
}

/** Tries the first categories of the order, one to `most` of them, against all others. */
function tryPrefixes(
  { params, histogram, offset, stride, bins, node, floor }: SplitContext,
  best: Split,
  order: number[],
  most: number,
  extraL2: number,
): boolean {
  const { min_samples_leaf: minCount, min_hessian_leaf: minHessian } = params;
  const l2 = params.l2_regularization + extraL2;
  let gradient = 0;
  let hessian = 0;
  let count = 0;
  let highest = best.gain + floor;
  let chosen = -1;
  for (let i = 0; i < order.length && i < most; i++) {
    const at = offset + order[i] * stride;
    gradient += histogram[at];
    hessian += histogram[at + 1];
    count += histogram[at + stride - 1];
    const rightHessian = node.hessian - hessian;
    if (count < minCount || hessian < minHessian || node.count - count < minCount || rightHessian < minHessian)
      continue;
    const rightGradient = node.gradient - gradient;
    const score = (gradient * gradient) / (hessian + l2) + (rightGradient * rightGradient) / (rightHessian + l2);
    if (score <= highest) continue;
    highest = score;
    chosen = i;
    best.leftGradient = gradient;
    best.leftHessian = hessian;
    best.leftCount = count;
  }
  if (chosen < 0) return false;
  best.gain = highest - floor;
  best.leftBins.fill(0);
  for (const bin of order.slice(0, chosen + 1)) best.leftBins[bin >> 5] |= 1 << (bin & 31);
  if (best.leftCount * 2 >= node.count) markAbsent(best.leftBins, histogram, offset, stride, bins);
  return true;
}

/** Categories that the node has never seen, and a missing value if it has seen none, go where most rows go. */
function markAbsent(leftBins: Int32Array, histogram: Float64Array, offset: number, stride: number, bins: number): void {
  for (let bin = 0; bin <= bins; bin++) {
    if (histogram[offset + bin * stride + stride - 1] === 0) leftBins[bin >> 5] |= 1 << (bin & 31);
  }
}
