/** Bytes that the cells of one source may take in memory together. */
export class CellBudget {
  left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }
}

const firstRows = 1024;

/**
 * The cells of a column as its survey met them, so that a source need not be read again: plain numbers by value, other texts by their number in the
 * survey's table. Forgotten when the budget that all columns share is used up.
 */
export class RememberedCells {
  rows = 0;
  /** What is remembered would not fit. */
  forgotten = false;
  readonly #budget: CellBudget;
  /** NaN where the cell is missing or a text; absent while there is no number. */
  #values: Float64Array | undefined;
  /** −1 where the cell is missing or a number; absent while there is no text. */
  #texts: Int32Array | undefined;

  constructor(budget: CellBudget) {
    this.#budget = budget;
  }

  number(value: number): void {
    const values = (this.#values = this.#grown(this.#values, Float64Array, NaN));
    if (values) values[this.rows] = value;
    this.rows++;
  }

  text(index: number): void {
    const texts = (this.#texts = this.#grown(this.#texts, Int32Array, -1));
    if (texts) texts[this.rows] = index;
    this.rows++;
  }

  missing(): void {
    this.rows++;
  }

  /** The number of a row; NaN where there is none. */
  numberOf(row: number): number {
    return this.#values && row < this.#values.length ? this.#values[row] : NaN;
  }

  /** Which text a row has; −1 where it has none. */
  textOf(row: number): number {
    return this.#texts && row < this.#texts.length ? this.#texts[row] : -1;
  }

  #grown<T extends Float64Array | Int32Array>(array: T | undefined, kind: new (size: number) => T, empty: number): T | undefined {
    if (this.forgotten || (array && this.rows < array.length)) return array;
    let size = array?.length ?? firstRows;
    while (size <= this.rows) size *= 2;
    const larger = size * (array?.BYTES_PER_ELEMENT ?? 8) - (array?.byteLength ?? 0);
    this.#budget.left -= larger;
    if (this.#budget.left < 0) {
      this.forgotten = true;
      this.#values = this.#texts = undefined;
      return undefined;
    }
    const grown = new kind(size);
    if (array) grown.set(array);
    grown.fill(empty, array?.length ?? 0);
    return grown;
  }
}
