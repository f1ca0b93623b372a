/** Rows of a reference taken together by time. */
export interface Blocks {
  /** How many there are. */
  readonly count: number;
  readonly bins: number;
  /** Rows of each. */
  readonly rows: Float64Array;
  /** Block-major, count × bins. */
  readonly counts: Float64Array;
  /** The middle of each, ms. */
  readonly middles: Float64Array;
  /** The block of each row that was given; −1 where it has none. */
  readonly of: Int32Array;
}

/** Cuts rows into at most `most` spans of `length` ms that end at `until`, the newest; those with less than half as many rows as usual, and rows without a time, are in none. */
export function blocksOf(codes: Int32Array, bins: number, times: Float64Array, { until, length, most }: { readonly until: number; readonly length: number; readonly most: number }): Blocks {
  // How many spans before the newest a row lies; in arrays, since a million rows are asked for.
  const of = new Int32Array(times.length);
  const sizes = new Int32Array(most);
  for (let row = 0; row < times.length; row++) {
    const back = Math.floor((until - times[row]) / length);
    of[row] = back < most ? back : -1;
    if (of[row] >= 0 && back === back) sizes[back]++;
    else of[row] = -1;
  }
  const there = sizes.filter((size) => size > 0).sort();
  const usual = there[Math.floor(there.length / 2)] ?? 0;
  const spans = [...sizes.keys()].filter((back) => sizes[back] > 0 && sizes[back] >= usual / 2).reverse();
  const place = new Int32Array(most).fill(-1);
  for (const [at, back] of spans.entries()) place[back] = at;
  const count = spans.length;
  const [rows, counts] = [new Float64Array(count), new Float64Array(count * bins)];
  for (let row = 0; row < times.length; row++) {
    const block = of[row] < 0 ? -1 : place[of[row]];
    of[row] = block;
    if (block < 0) continue;
    rows[block]++;
    counts[block * bins + codes[row]]++;
  }
  return { count, bins, rows, counts, of, middles: Float64Array.from(spans, (back) => until - (back + 0.5) * length) };
}

/** Vectors of equal length, one behind the other. */
export interface Vectors {
  readonly count: number;
  readonly width: number;
  readonly values: Float64Array;
}

/**
 * How far each block lies from what was expected of it: (q − p)/√p̄ in every bin, in which chi-square distances are plain ones. Bins in which a block has less
 * than one row on average are one.
 */
export function residuals(blocks: Blocks, expected: readonly ArrayLike<number>[]): Vectors {
  const { count, bins } = blocks;
  const overall = new Float64Array(bins);
  let total = 0;
  for (let at = 0; at < blocks.counts.length; at++) {
    overall[at % bins] += blocks.counts[at];
    total += blocks.counts[at];
  }
  const frequent = [...overall.keys()].filter((bin) => overall[bin] >= count);
  const width = frequent.length + 1;
  const rare = total - frequent.reduce((sum, bin) => sum + overall[bin], 0);
  const values = new Float64Array(count * width);
  for (let block = 0; block < count; block++) {
    let [q, p] = [1, 1];
    for (const [place, bin] of frequent.entries()) {
      const [own, other] = [blocks.counts[block * bins + bin] / blocks.rows[block], expected[block][bin]];
      q -= own;
      p -= other;
      values[block * width + place] = (own - other) / Math.sqrt(overall[bin] / total);
    }
    if (rare > 0) values[block * width + frequent.length] = (q - p) / Math.sqrt(Math.max(rare, count) / total);
  }
  return { count, width, values };
}

/** The scalar product of two vectors. */
export function product({ values, width }: Vectors, one: number, other: number): number {
  let sum = 0;
  for (let at = 0; at < width; at++) sum += values[one * width + at] * values[other * width + at];
  return sum;
}
