/** Bytes that the cells of one source may take in memory together. */
export class CellBudget {
  left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }
}

const firstRows = 1024;

/** Remembered cells as plain data; NaN and −1 stand for what is no number and no text. */
export interface PackedCells {
  readonly rows: number;
  readonly forgotten: boolean;
  readonly values?: Float64Array<ArrayBuffer>;
  readonly texts?: Int32Array<ArrayBuffer>;
}

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
  #values: Float64Array<ArrayBuffer> | undefined;
  /** −1 where the cell is missing or a number; absent while there is no text. */
  #texts: Int32Array<ArrayBuffer> | undefined;

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

  /** The cells as they lie here, to be handed over. */
  get packed(): PackedCells {
    return { rows: this.rows, forgotten: this.forgotten, ...(this.#values && { values: this.#values }), ...(this.#texts && { texts: this.#texts }) };
  }

  /** Puts the cells of later rows behind those that are here; `numbers` says which text each of theirs is. */
  append(later: PackedCells, numbers: Int32Array): void {
    const rows = this.rows + later.rows;
    if (later.forgotten) this.#forget();
    if (later.values) {
      const values = (this.#values = this.#roomFor(rows, this.#values, Float64Array, NaN));
      values?.set(later.values.subarray(0, Math.min(later.rows, later.values.length)), this.rows);
    }
    if (later.texts) {
      const texts = (this.#texts = this.#roomFor(rows, this.#texts, Int32Array, -1));
      const count = Math.min(later.rows, later.texts.length);
      if (texts) for (let row = 0; row < count; row++) texts[this.rows + row] = later.texts[row] < 0 ? -1 : numbers[later.texts[row]];
    }
    this.rows = rows;
  }

  #grown<T extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(array: T | undefined, kind: new (size: number) => T, empty: number): T | undefined {
    if (this.forgotten || (array && this.rows < array.length)) return array;
    let size = array?.length ?? firstRows;
    while (size <= this.rows) size *= 2;
    return this.#roomFor(size, array, kind, empty);
  }

  /** The array with room for so many rows; undefined where the budget has none. */
  #roomFor<T extends Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(size: number, array: T | undefined, kind: new (size: number) => T, empty: number): T | undefined {
    if (this.forgotten || (array && size <= array.length)) return array;
    const grown = size * (kind === (Float64Array as unknown) ? 8 : 4) - (array?.byteLength ?? 0);
    this.#budget.left -= grown;
    if (this.#budget.left < 0) {
      this.#forget();
      return undefined;
    }
    const larger = new kind(size);
    if (array) larger.set(array);
    larger.fill(empty, array?.length ?? 0);
    return larger;
  }

  #forget(): void {
    this.forgotten = true;
    this.#values = this.#texts = undefined;
  }
}
