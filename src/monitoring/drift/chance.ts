import { chiSquareTail, logGamma } from "./chi-square.ts";
import { fTail } from "./f-tail.ts";
import type { Spread } from "./spread.ts";

/** Least expected rows of a bin in the smaller sample for the chi-square approximation (Cochran 1954); bins below it are taken together. */
const leastExpected = 5;

/**
 * How often chance alone makes two samples of one distribution differ as much as these counts do: a p-value for "window and reference are samples of one
 * distribution", whatever the number of rows and bins. Two tests share it: Pearson's chi-square for two samples, bins with few rows taken together (that it
 * may leave nothing to compare), and, for what the reference never had, the exact chance that all its rows lie in the window by accident (Fisher's
 * hypergeometric). The smaller of the two counts double (Bonferroni).
 *
 * Where windows of the reference differ among themselves beyond their rows, a window must differ more than they do: the statistic is held against its
 * expectation with that spread in it, by an F test with the degrees of freedom of both (Satterthwaite 1946), and the exact test counts as many rows as tell as
 * much (the effective sample size of Kish 1965).
 *
 * @param reference rows of the reference in each bin; need not be whole
 * @param window rows of the window in the same bins
 */
export function chanceOf(reference: readonly number[], window: readonly number[], spread: Spread | null = null): number {
  if (reference.length !== window.length) throw new RangeError(`samples over ${reference.length} and ${window.length} bins cannot be compared`);
  const [n, m] = [total(reference), total(window)];
  if (n === 0 || m === 0) return 1;
  const fresh = window.reduce((sum, count, bin) => (reference[bin] === 0 ? sum + count : sum), 0);
  const design = spread === null ? 1 : 1 + spread.between / (spread.freedom * (1 / n + 1 / m));
  return Math.min(1, 2 * Math.min(twoSamples(reference, window, n, m, spread), allInWindow(fresh / design, n / design, m / design)));
}

/** Pearson's chi-square statistic of a 2 × k table, with neighbouring bins of few rows taken together, and its tail. */
function twoSamples(reference: readonly number[], window: readonly number[], n: number, m: number, spread: Spread | null): number {
  // By the reference alone: to pool by what the window has would set its rare bins against its frequent ones.
  const least = leastExpected * (n / Math.min(n, m));
  const pooled: [number, number][] = [];
  let open: [number, number] = [0, 0];
  for (const [bin, rows] of reference.entries()) {
    open = [open[0] + rows, open[1] + window[bin]];
    if (open[0] < least) continue;
    pooled.push(open);
    open = [0, 0];
  }
  const last = pooled.at(-1);
  if (last) pooled[pooled.length - 1] = [last[0] + open[0], last[1] + open[1]];
  if (pooled.length < 2) return 1;
  const statistic = pooled.reduce((sum, [r, w]) => sum + (Math.sqrt(m / n) * r - Math.sqrt(n / m) * w) ** 2 / (r + w), 0);
  const degrees = pooled.length - 1;
  return spread === null || spread.between === 0 ? chiSquareTail(statistic, degrees) : amongWindows(statistic, degrees, 1 / n + 1 / m, spread);
}

/** The tail of Pearson's statistic where windows differ beyond their rows. */
function amongWindows(statistic: number, degrees: number, perRow: number, { between, freedom, windows, largest, ...reference }: Spread): number {
  const expected = (rows: number, unit: number): number => rows * unit + between;
  const freedomOf = (rows: number, unit: number): number => Math.min(rows, Math.max(1, expected(rows, unit) ** 2 / (between ** 2 / Math.min(freedom, rows) + 2 * unit * between + rows * unit ** 2)));
  const [here, there] = [expected(degrees, perRow), expected(reference.rowFreedom, reference.perRow)];
  const known = windows * freedomOf(reference.rowFreedom, reference.perRow) * (here / there) ** 2;
  const ratio = (statistic * perRow) / here;
  // Tails are not normal: what windows of the reference have done themselves is not rarer than that.
  return Math.max(fTail(ratio, freedomOf(degrees, perRow), known), ratio <= largest ? 1 / (windows + 1) : 0);
}

/** The chance that `fresh` given rows of n + m all lie among the m: C(m, fresh) / C(n + m, fresh). */
const allInWindow = (fresh: number, n: number, m: number): number => (fresh === 0 ? 1 : Math.exp(logFactorial(m) - logFactorial(m - fresh) - logFactorial(n + m) + logFactorial(n + m - fresh)));

const logFactorial = (n: number): number => logGamma(n + 1);
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * Which of many tests hold when a share `rate` of those that do may be false: Benjamini and Hochberg's step-up (1995), here as adjusted p-values:
 * those at or below `rate` hold. In the order given.
 */
export function adjustForMany(chances: readonly number[]): number[] {
  const order = [...chances.keys()].sort((a, b) => chances[b] - chances[a]);
  const adjusted = chances.slice();
  let least = 1;
  for (const [place, index] of order.entries()) {
    least = Math.min(least, (chances[index] * chances.length) / (chances.length - place));
    adjusted[index] = least;
  }
  return adjusted;
}
