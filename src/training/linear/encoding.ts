import type { Column, NumberColumn } from "../../data/types.ts";
import { categoriesByCount } from "../categories.ts";

/** How one feature enters the linear model: `position` is its (first) column in the design matrix. */
export type Encoding = NumberEncoding | CategoryEncoding;

export interface NumberEncoding {
  readonly type: "number";
  readonly position: number;
  /**
   * Over the training rows, both float32, as the exported model computes with them; a constant deviates by ∞, so that
   * it tells nothing.
   */
  readonly mean: number;
  readonly deviation: number;
}

export interface CategoryEncoding {
  readonly type: "category";
  /** Column of every category that has one; others, like missing values, have none. */
  readonly positionOf: ReadonlyMap<string, number>;
}

/**
 * Standardised values are held within ± this, so that no input, not even an infinite one, can overflow a score or drown the
 * other features in float32 rounding. Of a million rows none lies further from their mean.
 */
export const mostDeviations = 1000;

/**
 * Learns the encodings; at most `maxCategories` per feature, the most frequent ones, get a column. Returns also the
 * number of columns.
 */
export function fitEncodings(
  features: readonly Column[],
  weights: Float64Array | undefined,
  maxCategories: number,
): { encodings: Encoding[]; width: number } {
  let width = 0;
  const encodings = features.map((column): Encoding => {
    const position = width;
    if (column.type === "number") {
      width++;
      return { type: "number", position, ...meanAndDeviation(column, weights) };
    }
    // A category that every row has tells nothing that the intercept does not.
    const kept = categoriesByCount(column)
      .filter(([, count]) => count < column.codes.length)
      .slice(0, maxCategories);
    width += kept.length;
    return { type: "category", positionOf: new Map(kept.map(([category], i) => [category, position + i])) };
  });
  return { encodings, width };
}

/** Infinite values, which have no mean, are left out like missing ones. */
function meanAndDeviation(
  { values }: NumberColumn,
  weights: Float64Array | undefined,
): { mean: number; deviation: number } {
  let total = 0;
  let sum = 0;
  for (let row = 0; row < values.length; row++) {
    const value = Math.fround(values[row]);
    if (!Number.isFinite(value)) continue;
    const weight = weights ? weights[row] : 1;
    total += weight;
    sum += weight * value;
  }
  if (total === 0) return { mean: 0, deviation: Infinity };
  const mean = Math.fround(sum / total);
  let squares = 0;
  for (let row = 0; row < values.length; row++) {
    const value = Math.fround(values[row]);
    if (Number.isFinite(value)) squares += (weights ? weights[row] : 1) * (value - mean) ** 2;
  }
  const deviation = Math.sqrt(squares / total);
  // A constant column varies by no more than the rounding of its mean, and float32 holds nothing much smaller than
  // 1e-37.
  const varies = deviation > Math.max(Math.abs(mean) * 1e-7, 1e-37);
  return { mean, deviation: varies ? Math.fround(deviation) : Infinity };
}
