/** Stretches of equal width that the range of the edges is cut into, to begin the search for a bin near it. */
const cells = 4096;

/** Bins between ascending edges: a number lies in the first bin whose upper edge is not below it, the last bin above all edges. */
export class EdgeBins {
  readonly #edges: Float32Array;
  readonly #low: number;
  readonly #scale: number;
  /** How many edges lie in cells before this one; they are all below the numbers in it. */
  readonly #before = new Int32Array(cells);

  constructor(edges: Float32Array) {
    const finite = edges.filter(Number.isFinite);
    const scale = (cells - 1) / (finite[finite.length - 1] - finite[0]);
    this.#edges = edges;
    this.#low = finite[0] ?? 0;
    this.#scale = Number.isFinite(scale) ? scale : 0;
    for (const edge of edges) if (this.#cellOf(edge) + 1 < cells) this.#before[this.#cellOf(edge) + 1]++;
    for (let cell = 1; cell < cells; cell++) this.#before[cell] += this.#before[cell - 1];
  }

  /** The bin of a number other than NaN. */
  of(value: number): number {
    let bin = this.#before[this.#cellOf(value)];
    while (bin < this.#edges.length && this.#edges[bin] < value) bin++;
    return bin;
  }

  /** Grows with the number, so that numbers in order lie in cells in order. */
  #cellOf(value: number): number {
    const at = (value - this.#low) * this.#scale;
    return at >= cells - 1 ? cells - 1 : at > 0 ? Math.floor(at) : 0;
  }
}
