/** Larger batches must cost this much less per row to be worth the wait of those in them. */
const worthwhile = 0.9;
const smoothing = 1 / 8;
/** Every so many full batches, one of half the size shows whether less would do. */
const probeEvery = 32;

/**
 * How many rows of one model are best run together, learned from its own runs: doubled while that makes a row cheaper
 * by a tenth, halved while it does not. A model whose cost grows with its rows alone (a convolutional net on one core)
 * ends at small batches, where nobody waits for others; one that reads its weights once per run at large ones.
 */
export class BatchSize {
  readonly #most: number;
  #limit: number;
  /** Moving averages of milliseconds per row, by the power of two below the size. */
  readonly #perRow: (number | undefined)[] = [];
  #full = 0;
  /** The power of two of the size that ran last. */
  #last = 0;

  constructor(first: number, most: number) {
    this.#most = most;
    this.#limit = Math.min(first, most);
  }

  /** Rows for the next batch at most. */
  get limit(): number {
    return this.#full % probeEvery === probeEvery - 1 ? Math.max(1, this.#limit >> 1) : this.#limit;
  }

  /**
   * Milliseconds a row takes in batches of the size that ran last; undefined before the first run. A size that does not come any more says nothing: the first
   * batch of all runs cold, and may have been interrupted.
   */
  get rowMs(): number | undefined {
    return this.#perRow[this.#last];
  }

  /** Tells of a run; `more` rows were waiting behind it. */
  ran(rows: number, milliseconds: number, more: boolean): void {
    const bucket = Math.floor(Math.log2(rows));
    const perRow = milliseconds / rows;
    this.#last = bucket;
    const known = this.#perRow[bucket];
    this.#perRow[bucket] = known === undefined ? perRow : known + (Math.min(perRow, 4 * known) - known) * smoothing;
    if (!more) return;
    this.#full++;
    const at = Math.floor(Math.log2(this.#limit));
    const here = this.#perRow[at];
    const half = at > 0 ? this.#perRow[at - 1] : undefined;
    if (here === undefined) return;
    if (half !== undefined && here > half * worthwhile) this.#limit = 2 ** (at - 1);
    else if (half !== undefined || at === 0) this.#grow(at, here);
  }

  #grow(at: number, here: number): void {
    const double = this.#perRow[at + 1];
    if (2 ** (at + 1) <= this.#most && (double === undefined || double < here * worthwhile)) this.#limit = 2 ** (at + 1);
  }
}
