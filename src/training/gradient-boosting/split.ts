import type { FeatureBins } from "./bins.ts";
import { findCategorySplit } from "./category-split.ts";
import type { HistogramLayout } from "./histogram.ts";
import type { GradientBoostingParams } from "./params.ts";

/** Sums over the rows of a node. */
export interface NodeSums {
  readonly gradient: number;
  readonly hessian: number;
  readonly count: number;
}

/** The best split found so far for one node; `gain` 0 means none. */
export interface Split {
  gain: number;
  feature: number;
  /** 256 bits in eight words: the bins that go left. */
  readonly leftBins: Int32Array;
  leftGradient: number;
  leftHessian: number;
  leftCount: number;
}

export const noSplit = (): Split => ({
  gain: 0,
  feature: -1,
  leftBins: new Int32Array(8),
  leftGradient: 0,
  leftHessian: 0,
  leftCount: 0,
});

/** What a search for splits of one feature in one node looks at. */
export interface SplitContext {
  readonly params: GradientBoostingParams;
  readonly histogram: Float64Array;
  readonly offset: number;
  readonly stride: number;
  readonly bins: number;
  readonly node: NodeSums;
  /** Score that the gain is measured against: the node's own plus `min_split_gain`. */
  readonly floor: number;
}

/**
 * Finds the split of a node with the highest gain G_L²/(H_L+λ) + G_R²/(H_R+λ) − G²/(H+λ) (Chen & Guestrin 2016,
 * equation 7, without its ½).
 */
export function findSplit(
  params: GradientBoostingParams,
  bins: readonly FeatureBins[],
  layout: HistogramLayout,
  histogram: Float64Array,
  node: NodeSums,
  features: Int32Array,
): Split {
  const best = noSplit();
  const floor = node.gradient ** 2 / (node.hessian + params.l2_regularization) + params.min_split_gain;
  for (const feature of features) {
    const { type, count } = bins[feature];
    const context = {
      params,
      histogram,
      offset: layout.offsets[feature],
      stride: layout.stride,
      bins: count,
      node,
      floor,
    };
    const found = type === "number" ? findNumberSplit(context, best) : findCategorySplit(context, best);
    if (found) best.feature = feature;
  }
  return best;
}

/** Tries every threshold, with the missing values on the right and, if there are any, also on the left. */
function findNumberSplit(context: SplitContext, best: Split): boolean {
  const { histogram, offset, stride, bins } = context;
  const missing = histogram[offset + bins * stride + stride - 1];
  const right = scanThresholds(context, best, false);
  if (missing === 0) return right;
  return scanThresholds(context, best, true) || right;
}

function scanThresholds(
  { params, histogram, offset, stride, bins, node, floor }: SplitContext,
  best: Split,
  missingLeft: boolean,
): boolean {
  const { min_samples_leaf: minCount, min_hessian_leaf: minHessian, l2_regularization: l2 } = params;
  const missing = offset + bins * stride;
  let gradient = missingLeft ? histogram[missing] : 0;
  let hessian = missingLeft ? histogram[missing + 1] : 0;
  let count = missingLeft ? histogram[missing + stride - 1] : 0;
  let highest = best.gain + floor;
  let threshold = -1;
  // Values on the left and only missing ones on the right is a split of its own.
  const last = missingLeft || histogram[missing + stride - 1] === 0 ? bins - 1 : bins;
  for (let bin = 0, at = offset; bin < last; bin++, at += stride) {
    const inBin = histogram[at + stride - 1];
    if (inBin === 0) continue;
    gradient += histogram[at];
    hessian += histogram[at + 1];
    count += inBin;
    if (count < minCount || hessian < minHessian) continue;
    const rightHessian = node.hessian - hessian;
    if (node.count - count < minCount || rightHessian < minHessian) break;
    const rightGradient = node.gradient - gradient;
    const score = (gradient * gradient) / (hessian + l2) + (rightGradient * rightGradient) / (rightHessian + l2);
    if (score <= highest) continue;
    highest = score;
    threshold = bin;
    best.leftGradient = gradient;
    best.leftHessian = hessian;
    best.leftCount = count;
  }
  if (threshold < 0) return false;
  best.gain = highest - floor;
  const noneMissing = histogram[missing + stride - 1] === 0;
  // Where nothing was missing, a missing value goes where most rows go.
  markUpTo(best.leftBins, threshold, bins, noneMissing ? best.leftCount * 2 >= node.count : missingLeft);
  return true;
}

function markUpTo(leftBins: Int32Array, threshold: number, missing: number, missingLeft: boolean): void {
  leftBins.fill(0);
  for (let bin = 0; bin <= threshold; bin++) leftBins[bin >> 5] |= 1 << (bin & 31);
  const bit = 1 << (missing & 31);
  if (missingLeft) leftBins[missing >> 5] |= bit;
  else leftBins[missing >> 5] &= ~bit;
}
