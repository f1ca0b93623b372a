import type { CategoryColumn, NumberColumn } from "../../data/types.ts";
import { categoriesByCount } from "../categories.ts";

/**
 * How the values of one feature fall into at most 255 bins. Values fall into bins 0 … `count` − 1; a missing value
 * falls into bin `count`, so a bin always fits a byte.
 */
export type FeatureBins = NumberBins | CategoryBins;

export interface NumberBins {
  readonly type: "number";
  readonly count: number;
  readonly hasMissing: boolean;
  /** Ascending upper edges of all bins but the last: a value x lies in the first bin whose edge is ≥ x. */
  readonly edges: Float32Array;
}

export interface CategoryBins {
  readonly type: "category";
  readonly count: number;
  readonly hasMissing: boolean;
  /** The bin of every category seen in training. */
  readonly binOf: ReadonlyMap<string, number>;
}

// More values than this do not move the quantiles noticeably.
const sampleSize = 200_000;

/**
 * Chooses the edges of a numeric feature: every distinct float32 value has its own bin if they are at most `maxBins`;
 * otherwise bins of about equal counts, where a value that is frequent enough to fill a bin gets one to itself
 * (LightGBM's GreedyFindBin).
 */
export function numberBins(column: NumberColumn, maxBins: number): NumberBins {
  const sorted = sortedSample(column.values);
  const values = new Float32Array(sorted.length);
  const counts = new Int32Array(sorted.length);
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) values[distinct++] = sorted[i];
    counts[distinct - 1]++;
  }
  const cuts =
    distinct <= maxBins
      ? Array.from({ length: Math.max(0, distinct - 1) }, (_, i) => i)
      : greedyCuts(counts.subarray(0, distinct), maxBins);
  const edges = Float32Array.from(cuts, (i) => between(values[i], values[i + 1]));
  return { type: "number", count: edges.length + 1, hasMissing: column.values.some(Number.isNaN), edges };
}

function sortedSample(values: Float64Array): Float32Array {
  const stride = Math.max(1, values.length / sampleSize);
  const sample = new Float32Array(Math.min(values.length, sampleSize));
  let length = 0;
  for (let i = 0; i < sample.length; i++) {
    const value = values[Math.floor(i * stride)];
    if (!Number.isNaN(value)) sample[length++] = value;
  }
  return sample.subarray(0, length).sort();
}

/** Indices of the distinct values after which a bin ends. */
function greedyCuts(counts: Int32Array, maxBins: number): number[] {
  let restCount = counts.reduce((sum, count) => sum + count, 0);
  let restBins = maxBins;
  const enough = restCount / maxBins;
  for (const count of counts) {
    if (count < enough) continue;
    restCount -= count;
    restBins--;
  }
  let mean = restCount / restBins;
  const cuts: number[] = [];
  let filled = 0;
  for (let i = 0; i < counts.length - 1 && cuts.length < maxBins - 1; i++) {
    const big = counts[i] >= enough;
    if (!big) restCount -= counts[i];
    filled += counts[i];
    if (!big && filled < mean && !(counts[i + 1] >= enough && filled >= mean / 2)) continue;
    cuts.push(i);
    filled = 0;
    if (!big) mean = restCount / --restBins;
  }
  return cuts;
}

/**
 * A float32 t with a <= t < b, near the middle: `x <= t` then parts the float32 values a and b wherever it is computed.
 */
function between(a: number, b: number): number {
  const middle = Math.fround(a + (b - a) / 2);
  return middle >= a && middle < b ? middle : a;
}

/**
 * Orders the categories by count; when they are more than `maxBins`, the rarest share the last bin. "" counts as
 * missing.
 */
export function categoryBins(column: CategoryColumn, maxBins: number): CategoryBins {
  const hasMissing = column.codes.some((code) => code < 0 || column.dictionary[code] === "");
  const byCount = categoriesByCount(column);
  const binOf = new Map(byCount.map(([category], i) => [category, Math.min(i, maxBins - 1)]));
  return { type: "category", count: Math.max(1, Math.min(byCount.length, maxBins)), hasMissing, binOf };
}
