import type { BinnedTable } from "./binned-table.ts";
import type { FeatureBins } from "./bins.ts";

/**
 * Where the sums of each bin lie in a histogram. A bin has `stride` numbers: the sum of gradients, the sum of hessians
 * and the count of rows, or only the first two when every hessian is 1, as the count is the sum of the hessians then.
 */
export interface HistogramLayout {
  readonly stride: 2 | 3;
  /** Position of the first bin of each feature. */
  readonly offsets: Int32Array;
  /** Numbers that belong to features; a histogram has room for the bins of one more feature behind them. */
  readonly length: number;
}

export function layOutHistogram(bins: readonly FeatureBins[], constantHessian: boolean): HistogramLayout {
  const stride = constantHessian ? 2 : 3;
  const offsets = new Int32Array(bins.length);
  let length = 0;
  for (let f = 0; f < bins.length; f++) {
    offsets[f] = length;
    length += (bins[f].count + 1) * stride;
  }
  return { stride, offsets, length };
}

/**
 * Sums the derivatives of a node's rows per bin; holds the derivatives in the order of the rows, so that they are
 * gathered once.
 */
export class HistogramBuilder {
  readonly #table: BinnedTable;
  readonly #layout: HistogramLayout;
  readonly #gradients: Float64Array;
  readonly #hessians: Float64Array;

  constructor(table: BinnedTable, layout: HistogramLayout, mostRows: number) {
    this.#table = table;
    this.#layout = layout;
    this.#gradients = new Float64Array(mostRows);
    this.#hessians = new Float64Array(layout.stride === 3 ? mostRows : 0);
  }

  /** Overwrites the parts of `histogram` that belong to `features` with the sums over `rows`. */
  build(
    histogram: Float64Array,
    features: Int32Array,
    rows: Int32Array,
    gradients: Float64Array,
    hessians: Float64Array,
  ): void {
    const { stride, offsets } = this.#layout;
    const { data, rows: tableRows } = this.#table;
    histogram.fill(0);
    for (let i = 0; i < rows.length; i++) this.#gradients[i] = gradients[rows[i]];
    if (stride === 3) for (let i = 0; i < rows.length; i++) this.#hessians[i] = hessians[rows[i]];
    // Two columns at a time: each row's derivatives are read half as often, and the additions to one column overlap the
    // other's.
    const column = (feature: number): Uint8Array => data.subarray(feature * tableRows, (feature + 1) * tableRows);
    for (let i = 0; i < features.length; i += 2) {
      const first = features[i];
      // An odd last column is paired with itself, its second sums falling into the spare bins at the end.
      const second = i + 1 < features.length ? features[i + 1] : first;
      const secondOffset = i + 1 < features.length ? offsets[second] : this.#layout.length;
      if (stride === 2)
        sumGradients(histogram, offsets[first], secondOffset, column(first), column(second), rows, this.#gradients);
      else
        sumBoth(
          histogram,
          offsets[first],
          secondOffset,
          column(first),
          column(second),
          rows,
          this.#gradients,
          this.#hessians,
        );
    }
  }
}

function sumGradients(
  histogram: Float64Array,
  firstOffset: number,
  secondOffset: number,
  first: Uint8Array,
  second: Uint8Array,
  rows: Int32Array,
  gradients: Float64Array,
): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const gradient = gradients[i];
    const a = firstOffset + first[row] * 2;
    histogram[a] += gradient;
    histogram[a + 1] += 1;
    const b = secondOffset + second[row] * 2;
    histogram[b] += gradient;
    histogram[b + 1] += 1;
  }
}

function sumBoth(
  histogram: Float64Array,
  firstOffset: number,
  secondOffset: number,
  first: Uint8Array,
  second: Uint8Array,
  rows: Int32Array,
  gradients: Float64Array,
  hessians: Float64Array,
): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const gradient = gradients[i];
    const hessian = hessians[i];
    const a = firstOffset + first[row] * 3;
    histogram[a] += gradient;
    histogram[a + 1] += hessian;
    histogram[a + 2] += 1;
    const b = secondOffset + second[row] * 3;
    histogram[b] += gradient;
    histogram[b + 1] += hessian;
    histogram[b + 2] += 1;
  }
}

export const newHistogram = ({ length, stride }: HistogramLayout): Float64Array =>
  new Float64Array(length + 256 * stride);

/** Turns the histogram of a node into that of one child, given the other child's. */
export function subtract(histogram: Float64Array, child: Float64Array): void {
  for (let i = 0; i < histogram.length; i++) histogram[i] -= child[i];
}
