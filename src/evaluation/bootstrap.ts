import { mostThreads, onThread } from "../threads.ts";
import { prepareMetrics, type MetricsOf } from "./metrics.ts";
import { resampled, type Resampling } from "./resample.ts";
import { rowsOf, type Scored } from "./scored.ts";
import type { Interval, MetricIntervals, Metrics } from "./types.ts";

/** Fewer draws of rows are made before a thread has begun. */
const leastDraws = 4_000_000;

/**
 * Percentile bootstrap intervals at 95 % (Efron & Tibshirani 1993, chapter 13): rows are drawn with replacement `resamples` times and
 * every metric is computed on each draw. The same seed gives the same intervals.
 */
export const bootstrap = (model: Scored, seed: number, resamples = 300): MetricIntervals => intervalsOf(model, resampled({ models: [model], seed, from: 0, until: resamples }), 0);

/** Draws for `models` of the same rows, on several threads where they are many: the same draws, for each of which every model has its metrics. */
export async function drawMetrics(models: readonly Scored[], seed: number, resamples = 300, threads?: number): Promise<Metrics[][]> {
  const parts = threads ?? Math.min(mostThreads(), Math.floor((rowsOf(models[0]) * resamples) / leastDraws));
  const bounds = partsOf(resamples, Math.max(1, parts));
  const others = bounds.slice(1, -1).map((from, at) => onThread<Resampling, Metrics[][]>(import.meta.url, "resample-thread", { models, seed, from, until: bounds[at + 2] }));
  const first = resampled({ models, seed, from: 0, until: bounds[1] });
  return [...first, ...(await Promise.all(others)).flat()];
}

/** Passing over a draw takes this part of the time that making and judging it does. */
const skipCost = 0.3;

/** Where the parts of the draws begin, and the end: a thread passes over all draws before its own, so each part is smaller than the one before. */
function partsOf(resamples: number, parts: number): number[] {
  const until = (part: number): number => (1 - (1 - skipCost) ** part) / (1 - (1 - skipCost) ** parts);
  return Array.from({ length: parts + 1 }, (_, part) => Math.round(until(part) * resamples));
}

/** The intervals of a model's metrics by the draws, among whose models it is at `index`. */
export function intervalsOf(model: Scored, draws: readonly (readonly Metrics[])[], index: number): MetricIntervals {
  return Object.fromEntries(
    Object.entries(valuesOf(prepareMetrics(model), rowsOf(model))).map(([name, value]): [string, Interval] => [
      name,
      { value, ...percentiles(draws.map((draw) => draw[index][name]).filter((one) => one !== undefined)) },
    ]),
  );
}

/** The interval of a metric's difference between two models on the same draws, so that their common luck cancels: how much more the one at `index` has than the first. */
export function differenceOf(models: readonly Scored[], draws: readonly (readonly Metrics[])[], index: number, metric: string): Interval {
  const values = models.map((model) => valuesOf(prepareMetrics(model), rowsOf(model))[metric]);
  return { value: values[index] - values[0], ...percentiles(draws.map((draw) => draw[index][metric] - draw[0][metric])) };
}

const valuesOf = (metricsOf: MetricsOf, rows: number): Metrics => metricsOf(new Float64Array(rows).fill(1));

function percentiles(values: number[]): { low: number; high: number } {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { low: at(0.025), high: at(0.975) };
}
