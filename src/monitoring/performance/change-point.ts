/** The losses of a window's labelled predictions, as sums. */
export interface LossSums {
  readonly n: number;
  /** Of the losses, and of their squares. */
  readonly sum: number;
  readonly squares: number;
}

/** The place at which losses rise most surely. */
export interface Rise {
  /** The first window after it. */
  readonly at: number;
  /** Mean loss per prediction before it and since. */
  readonly before: number;
  readonly since: number;
  /** Labels since. */
  readonly labels: number;
  /** How sure the rise is: the normal deviate of a Welch test of the two stretches. */
  readonly z: number;
}

/** As many rows of the stretch before are lent to the variance of the stretch since, of which few rows say little. */
const lent = 5;
/** As many windows of no spread between them are lent to the design effect. */
const lentWindows = 4;
/** No deviate is surer. */
const surest = 40;

/**
 * Where the mean loss rises most surely: of every place between windows, the one with the largest deviate of a Welch test of the losses since against those
 * before, the reference's among them (a generalised likelihood ratio scan for a rise; Siegmund & Venkatraman 1995, "Using the generalized likelihood ratio
 * statistic for sequential detection of a change-point"). The variance is the losses' own, on both sides, times the design effect: by how much the windows'
 * means spread, on each side, more than the rows explain (season, autocorrelation; Kish 1965). Few degrees of freedom lower the deviate (Wallace 1959).
 *
 * @param reference losses of the model's evaluation, half of whose rows count: the model was chosen by them
 * @param windows since the model answers, oldest first; those without labels say nothing
 */
export function strongestRise(reference: LossSums, windows: readonly LossSums[]): Rise | undefined {
  const [before, since] = [emptyStretch(), emptyStretch()];
  for (const one of windows) add(since, one, 1);
  add(before, reference, 0.5);
  let strongest: Rise | undefined;
  for (const [at, window] of windows.entries()) {
    const z = before.n > 1 && since.n > 0 && window.n > 0 ? deviate(before, since, designEffect(before, since)) : Number.NEGATIVE_INFINITY;
    if (z > (strongest?.z ?? 0)) strongest = { at, before: before.sum / before.n, since: since.sum / since.n, labels: since.n, z };
    add(before, window, 1);
    add(since, window, -1);
  }
  return strongest;
}

/** Windows taken together. */
interface Stretch {
  n: number;
  sum: number;
  squares: number;
  windows: number;
  /** Sum over the windows of sum²/n. */
  ofMeans: number;
}

const emptyStretch = (): Stretch => ({ n: 0, sum: 0, squares: 0, windows: 0, ofMeans: 0 });

/** Adds a window, as often as `times` says; one without labels is none. */
function add(to: Stretch, { n, sum, squares }: LossSums, times: number): void {
  if (n === 0) return;
  to.n += times * n;
  to.sum += times * sum;
  to.squares += times * squares;
  to.windows += Math.sign(times);
  to.ofMeans += (times * sum ** 2) / n;
}

const variance = ({ n, sum, squares }: Stretch): number => Math.max(0, squares / n - (sum / n) ** 2);

/** The spread of the windows' means around their stretch's, in units of what the rows explain, drawn to 1. */
function designEffect(before: Stretch, since: Stretch): number {
  let [spread, freedom] = [lentWindows, lentWindows];
  for (const stretch of [before, since]) {
    const ofRows = variance(stretch);
    if (stretch.windows < 2 || !(ofRows > 0)) continue;
    spread += Math.max(0, stretch.ofMeans - stretch.sum ** 2 / stretch.n) / ofRows;
    freedom += stretch.windows - 1;
  }
  return Math.max(1, spread / freedom);
}

function deviate(before: Stretch, since: Stretch, design: number): number {
  const difference = since.sum / since.n - before.sum / before.n;
  if (!(difference > 0)) return 0;
  const ofBefore = variance(before);
  const ofSince = (since.n * variance(since) + lent * ofBefore) / (since.n + lent);
  const [a, b] = [(design * ofSince) / since.n, (design * ofBefore) / before.n];
  if (!(a + b > 0)) return surest;
  const t = difference / Math.sqrt(a + b);
  const freedom = (a + b) ** 2 / (a ** 2 / (since.n - 1 + lent) + b ** 2 / Math.max(1, before.n - 1));
  return Math.min(surest, ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p(t ** 2 / freedom)));
}

/**
 * The deviate that a rise must exceed for so many false alarms in 365 windows. A scan exceeds z in a window about 0.23·exp(−z²/2) times, whatever the losses'
 * distribution (measured over 365 windows of normal, exponential, two-point and heavy-tailed losses, 5 to 200 a window; `change-point.test.ts` holds it to that).
 */
export const deviateFor = (falseAlarms: number): number => Math.sqrt(2 * Math.log(Math.max(1.1, (0.23 * 365) / falseAlarms)));
