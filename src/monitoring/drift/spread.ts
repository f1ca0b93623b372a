import { product, type Blocks, type Vectors } from "./blocks.ts";
import { chiSquareTail } from "./chi-square.ts";
import type { Expected } from "./expected-shares.ts";

/** How much windows of a reference differ among themselves beyond what their numbers of rows explain. */
export interface Spread {
  /** Independent windows that it was measured on. */
  readonly windows: number;
  /** The chi-square distance between two windows of endless rows: what time itself does to the distribution. */
  readonly between: number;
  /** Degrees of freedom of that part: 1 where all bins move together. */
  readonly freedom: number;
  /** Mean over the windows of 1/rows + 1/rows of what each was compared with, and of the degrees of freedom of its rows. */
  readonly perRow: number;
  readonly rowFreedom: number;
  /** The largest distance of a window, in units of its expectation. */
  readonly largest: number;
}

/** Fewer windows do not tell how much windows differ. */
export const fewestBlocks = 6;

/**
 * The components of the spread of a reference's windows, each compared with the others. Pearson's statistic of a window has the expectation C + A/u, with C
 * bins less one, u = 1/n + 1/m of its rows and A the spread between windows (a random-effects model; Rao & Scott 1984 on chi-square tests of samples in
 * clusters). A follows by the method of moments. How many bins move by themselves follows from the products of windows that are not neighbours, whose squares
 * have the expectation tr(Σ²) (Satterthwaite 1946); how many windows are independent, from the correlation of neighbours.
 */
export function spreadOf(blocks: Blocks, expected: readonly Expected[], vectors: Vectors): Spread {
  const { count, bins } = blocks;
  let [between, perRow, rowFreedom, distances, squares] = [0, 0, 0, 0, 0];
  const found: (readonly [distance: number, ofRows: number])[] = [];
  for (let block = 0; block < count; block++) {
    const [m, n] = [blocks.rows[block], Math.max(1, expected[block].rows)];
    const u = 1 / n + 1 / m;
    let [distance, used] = [0, 0];
    for (let bin = 0; bin < bins; bin++) {
      const [q, p] = [blocks.counts[block * bins + bin] / m, expected[block].shares[bin]];
      const pooled = (q * m + p * n) / (m + n);
      if (pooled <= 0) continue;
      used++;
      distance += (q - p) ** 2 / pooled;
    }
    const degrees = ((used - 1) * (n + m)) / (n + m - 1);
    between += (distance - degrees * u) / count;
    distances += distance / count;
    squares += distance ** 2 / count;
    found.push([distance, degrees * u]);
    perRow += u / count;
    rowFreedom += Math.max(1, degrees) / count;
  }
  const correlation = neighbourCorrelation(vectors);
  const a = Math.max(0, between);
  // Twice tr(Σ²) is the variance of normal distances; that of heavier tails is larger.
  const trace = Math.max(squaredTrace(vectors), (squares - distances ** 2) / 2) * (1 + 4 / count);
  const ofTime = trace - 2 * perRow * a - rowFreedom * perRow ** 2;
  const freedom = a === 0 || ofTime <= a ** 2 / rowFreedom ? rowFreedom : Math.max(1, a ** 2 / ofTime);
  const alike = Math.max(0, correlation);
  const windows = Math.max(2, (count - 1) * (correlation > 0 ? (1 - correlation) / (1 + correlation) : (1 - correlation ** 2) / (1 + correlation ** 2)));
  const apart = Math.max(2, (count * (1 - alike)) / (1 + alike));
  // Windows that are alike their neighbours lie nearer to the mean of all than one that comes later will.
  const movement = a * Math.max(1, ((1 + 1 / apart) * (1 - 1 / count)) / ((1 - 1 / apart) * (1 + 1 / count)));
  return { windows, between: movement, freedom, perRow, rowFreedom, largest: Math.max(...found.map(([distance, ofRows]) => distance / Math.max(Number.MIN_VALUE, ofRows + movement))) };
}

/**
 * How often chance alone makes windows differ as much as these do, were their rows independent: the sum of their squared residuals beside its expectation, with
 * half as much variance again as chi-square has, which bins of few rows may bring.
 */
export function chanceOfSpread(blocks: Blocks, expected: readonly Pick<Expected, "rows">[], vectors: Vectors): number {
  let sum = 0;
  for (let block = 0; block < blocks.count; block++) sum += product(vectors, block, block) / (1 / blocks.rows[block] + 1 / Math.max(1, expected[block].rows));
  const used = vectors.width - 1;
  return used === 0 ? 1 : chiSquareTail((2 / 3) * sum, (2 / 3) * blocks.count * used);
}

/** The correlation of windows that follow each other, from −0.95 to 0.95; less its bias of one in the number of windows. */
function neighbourCorrelation(vectors: Vectors): number {
  let [own, other] = [0, 0];
  for (let block = 0; block < vectors.count; block++) {
    own += product(vectors, block, block);
    if (block > 0) other += product(vectors, block, block - 1);
  }
  return own === 0 ? 0 : Math.min(0.95, Math.max(-0.95, other / own + 1 / vectors.count));
}

/** tr(Σ²) of the covariance of independent vectors around 0: the mean squared product of two of them (those at up to 30 distances apart). */
function squaredTrace(vectors: Vectors): number {
  let [sum, pairs] = [0, 0];
  const step = Math.max(1, Math.floor((vectors.count - 2) / 30));
  for (let lag = 2; lag < vectors.count; lag += step) {
    for (let block = 0; block + lag < vectors.count; block++) {
      sum += product(vectors, block, block + lag) ** 2;
      pairs++;
    }
  }
  return pairs === 0 ? 0 : sum / pairs;
}

/** The degrees of freedom of vectors around 0: tr(Σ)²/tr(Σ²), from 1 to their width. */
export function freedomOf(vectors: Vectors): number {
  let trace = 0;
  for (let block = 0; block < vectors.count; block++) trace += product(vectors, block, block) / vectors.count;
  const squared = squaredTrace(vectors);
  return squared <= trace ** 2 / vectors.width ? Math.max(1, vectors.width - 1) : Math.max(1, trace ** 2 / squared);
}
