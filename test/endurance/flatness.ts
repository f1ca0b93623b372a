/** What a figure did over a stretch of time, by a straight line through its samples. */
export interface Trend {
  readonly samples: number;
  /** Mean of the samples. */
  readonly level: number;
  /** By how much the line rises from the first sample to the last, and the 95 % confidence interval of that. */
  readonly rise: number;
  readonly low: number;
  readonly high: number;
}

export interface Sample {
  readonly at: number;
  readonly value: number;
}

/**
 * The line of least squares through samples, with the interval of its slope adjusted for samples that follow each other (Santer et al. 2000, "Statistical
 * significance of trends and trend differences in layer-average atmospheric temperature time series", J. Geophys. Res. 105, eq. 4 to 6): residuals that are
 * correlated from one to the next by r count as n (1 − r) / (1 + r) samples. Throws a `RangeError` for fewer than 5 samples.
 */
export function trendOf(samples: readonly Sample[]): Trend {
  const n = samples.length;
  if (n < 5) throw new RangeError(`A trend needs 5 samples, got ${n}`);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middle, level] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ value }) => value))];
  const spread = samples.reduce((sum, { at }) => sum + (at - middle) ** 2, 0);
  const slope = samples.reduce((sum, { at, value }) => sum + (at - middle) * (value - level), 0) / spread;
  const residuals = samples.map(({ at, value }) => value - level - slope * (at - middle));
  const squares = residuals.reduce((sum, one) => sum + one * one, 0);
  const next = residuals.slice(1).reduce((sum, one, index) => sum + one * residuals[index], 0);
  const r = squares === 0 ? 0 : Math.max(0, next / squares);
  // With three the interval would have no end.
  const effective = Math.max(4, (n * (1 - r)) / (1 + r));
  const error = Math.sqrt(squares / (effective - 2) / spread);
  const [stretch, half] = [samples[n - 1].at - samples[0].at, studentQuantile(effective - 2) * error];
  return { samples: n, level, rise: slope * stretch, low: (slope - half) * stretch, high: (slope + half) * stretch };
}

/** The 97.5 % quantile of Student's t (Abramowitz and Stegun 26.7.5); at 2 degrees of freedom 4 % too small, from 4 on exact to a thousandth. */
export function studentQuantile(degrees: number): number {
  const x = 1.959964;
  const [x3, x5, x7, x9] = [x ** 3, x ** 5, x ** 7, x ** 9];
  return (
    x +
    (x3 + x) / 4 / degrees +
    (5 * x5 + 16 * x3 + 3 * x) / 96 / degrees ** 2 +
    (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384 / degrees ** 3 +
    (79 * x9 + 776 * x7 + 1482 * x5 - 1920 * x3 - 945 * x) / 92_160 / degrees ** 4
  );
}

/**
 * The least sample of each of so many equal stretches of time: what stays when garbage was collected, whenever that is. Those before `from` (a share of the whole time)
 * are left out: heaps grow to what the load needs first.
 */
export function floors(samples: readonly Sample[], from: number, stretches: number): Sample[] {
  const [first, last] = [samples[0].at, samples.at(-1)!.at];
  const begin = first + (last - first) * from;
  const width = (last - begin) / stretches;
  const groups = Map.groupBy(samples.filter(({ at }) => at >= begin), ({ at }) => Math.min(stretches - 1, Math.floor((at - begin) / width)));
  return [...groups.values()].map((those) => ({ at: those[0].at, value: Math.min(...those.map(({ value }) => value)) }));
}
