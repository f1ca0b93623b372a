import { sortedNumbers } from "./sort-numbers.ts";
import type { Bin, NumberStatistics } from "./profile-types.ts";

const bins = 20;
const quantileShares = Array.from({ length: bins + 1 }, (_, index) => index / bins);

/** A column's numbers, counted; `statistics` is absent where none is finite. */
export interface NumberSummary {
  readonly count: number;
  readonly distinct: number;
  readonly infinite: number;
  readonly statistics?: NumberStatistics;
}

/** Exact statistics of numbers, of which NaN is missing. */
export function summarise(values: Float64Array): NumberSummary {
  const present = new Float64Array(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) if (values[row] === values[row]) present[count++] = values[row];
  const sorted = sortedNumbers(present.subarray(0, count));
  let distinct = 0;
  for (let at = 0; at < count; at++) if (at === 0 || sorted[at] !== sorted[at - 1]) distinct++;
  let first = 0;
  let last = count;
  while (first < last && sorted[first] === -Infinity) first++;
  while (last > first && sorted[last - 1] === Infinity) last--;
  const finite = sorted.subarray(first, last);
  const infinite = count - finite.length;
  return finite.length === 0 ? { count, distinct, infinite } : { count, distinct, infinite, statistics: statisticsOf(finite) };
}

function statisticsOf(sorted: Float64Array): NumberStatistics {
  const n = sorted.length;
  const [min, max] = [sorted[0], sorted[n - 1]];
  // Around the middle value, so that large numbers close to each other keep their digits.
  const centre = sorted[n >> 1];
  let sum = 0;
  for (let at = 0; at < n; at++) sum += (sorted[at] - centre) / n;
  const mean = centre + sum;
  let squares = 0;
  for (let at = 0; at < n; at++) squares += (sorted[at] - mean) ** 2;
  const zeros = atMost(sorted, 0) - below(sorted, 0);
  const quantile = (share: number): number => quantileOf(sorted, share);
  return {
    min,
    max,
    mean,
    std: Math.sqrt(squares / n),
    zeros,
    quantiles: { p01: quantile(0.01), p05: quantile(0.05), p25: quantile(0.25), p50: quantile(0.5), p75: quantile(0.75), p95: quantile(0.95), p99: quantile(0.99) },
    histogram: countBins(sorted, equalWidthEdges(min, max)),
    quantileHistogram: countBins(sorted, quantileEdges(sorted)),
  };
}

/** Interpolated linearly between order statistics (NumPy's default). */
export function quantileOf(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const lower = Math.floor(position);
  const value = sorted[lower];
  const weight = position - lower;
  return weight === 0 ? value : value + (sorted[lower + 1] - value) * weight;
}

function equalWidthEdges(min: number, max: number): number[] {
  if (min === max) return [min, max];
  const edges = [...Array.from({ length: bins }, (_, index) => min + (max * (index / bins) - min * (index / bins))), max];
  // A range of a few representable numbers has fewer bins than that.
  return edges.filter((edge, index) => index === 0 || edge > edges[index - 1]);
}

/** Distinct 5 % quantiles; the smallest value twice when it alone fills the first 5 %, so that it gets a bin of its own. */
function quantileEdges(sorted: Float64Array): number[] {
  const edges = quantileShares.map((share) => quantileOf(sorted, share));
  const distinct = edges.filter((edge, index) => index === 0 || edge > edges[index - 1]);
  return edges[0] === edges[1] ? [edges[0], ...distinct] : distinct;
}

/** Values in (low, high]; the first bin also holds its low end. */
function countBins(sorted: Float64Array, edges: readonly number[]): Bin[] {
  let before = 0;
  return edges.slice(1).map((high, index) => {
    const until = index === edges.length - 2 ? sorted.length : atMost(sorted, high);
    const count = until - before;
    before = until;
    return { low: edges[index], high, count };
  });
}

/** How many values are at most `limit`. */
export function atMost(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function below(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
