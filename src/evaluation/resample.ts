import { RandomStream } from "../training/random.ts";
import { prepareMetrics } from "./metrics.ts";
import { rowsOf, type Scored } from "./scored.ts";
import type { Metrics } from "./types.ts";

/** Draws `from` up to `until` of the endless series that a seed gives. */
export interface Resampling {
  /** Models scored on the same rows. */
  readonly models: readonly Scored[];
  readonly seed: number;
  readonly from: number;
  readonly until: number;
}

/** For each draw of as many rows as there are, with replacement, the metrics of every model. */
export function resampled({ models, seed, from, until }: Resampling): Metrics[][] {
  const random = new RandomStream(seed);
  const rows = rowsOf(models[0]);
  const metricsOf = models.map(prepareMetrics);
  const [counts, weights] = [new Int32Array(rows), new Float64Array(rows)];
  // The stream has no shortcut: draws of others are passed over one by one, which is cheap beside counting them.
  random.skip(from * rows);
  return Array.from({ length: until - from }, () => {
    counts.fill(0);
    random.countDraws(counts);
    weights.set(counts);
    return metricsOf.map((of) => of(weights));
  });
}
