/** Paired differences in loss, champion's minus challenger's, summed up: above 0 the challenger is better. */
export interface PairedDifference {
  readonly n: number;
  readonly mean: number;
  /** Of one difference, times the design effect: the variance of the mean is `variance / n`. */
  readonly variance: number;
}

/** What is taken for the design effect before the rows say otherwise, and how many windows' worth that is. */
const [usualEffect, lentWindows] = [2, 4];

/**
 * Sums up paired differences. Rows of one window are not as good as independent (the same weather, the same sellers), so the variance is multiplied by the
 * design effect: by how much the windows' means spread more than the rows within explain (Kish 1965), drawn to 2 where there are few windows, at least 1.
 *
 * @param windows the window each row belongs to
 */
export function pairedDifference(differences: ArrayLike<number>, windows: ArrayLike<number>): PairedDifference {
  const n = differences.length;
  if (n === 0) return { n, mean: 0, variance: 0 };
  const byWindow = new Map<number, { n: number; sum: number }>();
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += differences[i];
    const window = byWindow.get(windows[i]) ?? { n: 0, sum: 0 };
    window.n += 1;
    window.sum += differences[i];
    byWindow.set(windows[i], window);
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (differences[i] - mean) ** 2;
  const variance = n > 1 ? squares / (n - 1) : mean ** 2;
  const between = [...byWindow.values()].reduce((all, window) => all + window.n * (window.sum / window.n - mean) ** 2, 0);
  const effect = variance > 0 ? (between / variance + lentWindows * usualEffect) / (byWindow.size - 1 + lentWindows) : 1;
  return { n, mean, variance: variance * Math.max(1, effect) };
}
