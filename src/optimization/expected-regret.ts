/** Windows that the choice of a champion is taken to hold for. */
export const horizonWindows = 56;

/** What is believed of how much less a challenger loses per prediction than the champion: a normal distribution. */
export interface Belief {
  readonly mean: number;
  /** Standard deviation, > 0. */
  readonly sd: number;
}

/** A belief after `n` more paired differences of that mean and variance (normal, conjugate). */
export function learn(belief: Belief, { n, mean, variance }: { readonly n: number; readonly mean: number; readonly variance: number }): Belief {
  if (n === 0) return belief;
  const [before, data] = [1 / belief.sd ** 2, n / Math.max(variance, Number.MIN_VALUE)];
  const precision = Math.min(before + data, Number.MAX_VALUE);
  return { mean: (belief.mean * before + mean * data) / precision, sd: Math.sqrt(1 / precision) };
}

/** Standard errors by which new data may differ from a belief that is still held: one in a thousand by chance. */
const refuting = 3.29;

/**
 * A belief from other times, with data of these: learnt from where they agree; where the data refute it (they lie further from it than chance would have them),
 * times have changed, and only the data count.
 */
export function learnAnew(belief: Belief, data: { readonly n: number; readonly mean: number; readonly variance: number }): Belief {
  if (data.n === 0) return belief;
  const error = Math.sqrt(data.variance / data.n);
  if (Math.abs(data.mean - belief.mean) <= refuting * Math.hypot(belief.sd, error)) return learn(belief, data);
  return { mean: data.mean, sd: Math.max(error, Number.MIN_VALUE) };
}

/** The probability that the challenger is better. */
export const surenessOf = ({ mean, sd }: Belief): number => normalCdf(mean / sd);

export interface Stakes {
  /** Predictions that the decision holds for. */
  readonly horizon: number;
  /** Labelled pairs that come before the next look, and the variance of a difference. */
  readonly next: number;
  readonly variance: number;
  /** Predictions until the next look shows something. */
  readonly wait: number;
  /** Share of them that the challenger answers meanwhile. */
  readonly share: number;
}

/**
 * Whether looking once more is worth it: what the choice is expected to gain by the next labels, against what the wrong model is expected to lose on the
 * traffic that it answers until then, both in loss. One step ahead, as the knowledge gradient (Frazier, Powell & Dayanik 2008) and the one-step
 * sampling rule of Chick & Inoue (2001) have it.
 *
 * @returns the loss expected of deciding now, of what a look would save of it, and of the price of the look
 */
export function worthOfLook({ mean, sd }: Belief, { horizon, next, variance, wait, share }: Stakes): { readonly regret: number; readonly gain: number; readonly price: number } {
  const regret = horizon * shortfall(Math.abs(mean), sd);
  const moved = next === 0 ? 0 : sd ** 2 / Math.sqrt(sd ** 2 + variance / next);
  const gain = horizon * shortfall(Math.abs(mean), moved);
  const price = wait * (mean > 0 ? 1 - share : share) * Math.abs(mean);
  return { regret, gain, price };
}

/** E max(0, −x) of a normal x with that mean ≥ 0. */
function shortfall(mean: number, sd: number): number {
  if (!(sd > 0)) return 0;
  const z = mean / sd;
  return sd * (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI) - z * (1 - normalCdf(z)));
}

/** The standard normal distribution function (Abramowitz & Stegun 26.2.17; error below 7.5e-8). */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}
