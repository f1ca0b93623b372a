import { seededRandom } from "../training/random.ts";
import type { MetricsOf } from "./metrics.ts";
import type { Interval, MetricIntervals } from "./types.ts";

/**
 * Percentile bootstrap intervals at 95 % (Efron & Tibshirani 1993, chapter 13): rows are drawn with replacement `resamples` times and
 * every metric is computed on each draw. The same seed gives the same intervals.
 */
export function bootstrap(metricsOf: MetricsOf, rows: number, seed: number, resamples = 300): MetricIntervals {
  const values = metricsOf(new Float64Array(rows).fill(1));
  const draws = resample(rows, seed, resamples, metricsOf);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, Interval] => [name, { value, ...percentiles(draws.map((draw) => draw[name]).filter((one) => one !== undefined)) }]),
  );
}

/** The interval of a quantity that is computed from two models on the same draws, so that their common luck cancels. */
export function bootstrapDifference(difference: (weights: Float64Array) => number, rows: number, seed: number, resamples = 300): Interval {
  const draws = resample(rows, seed, resamples, (weights) => ({ difference: difference(weights) }));
  return { value: difference(new Float64Array(rows).fill(1)), ...percentiles(draws.map((draw) => draw["difference"])) };
}

function resample<T>(rows: number, seed: number, resamples: number, compute: (weights: Float64Array) => T): T[] {
  const random = seededRandom(seed);
  const weights = new Float64Array(rows);
  return Array.from({ length: resamples }, () => {
    weights.fill(0);
    for (let draw = 0; draw < rows; draw++) weights[Math.floor(random() * rows)] += 1;
    return compute(weights);
  });
}

function percentiles(values: number[]): { low: number; high: number } {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
