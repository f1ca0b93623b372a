/** Bytes that the cells of one source may take in memory together. */
export class CellBudget {
  left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }
}

const fewestRows = 1024;

/** Remembered cells as plain data; NaN and −1 stand for what is no number and no text. Behind the rows the arrays may go on. */
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
  /** Rows that the arrays have room for. */
  #room: number;
  /** NaN where the cell is missing or a text; absent while there is no number. */
  #values: Float64Array<ArrayBuffer> | undefined;
  /** −1 where the cell is missing or a number; absent while there is no text. */
  #texts: Int32Array<ArrayBuffer> | undefined;

  /** `expected` rows are made room for at once; there may be more. */
  constructor(budget: CellBudget, expected = 0) {
    this.#budget = budget;
    this.#room = Math.max(fewestRows, Math.ceil(expected));
  }

  number(value: number): void {
    if (this.rows === this.#room) this.#grow(this.rows * 2);
    const values = this.#values ?? this.#begin("values");
    if (values) values[this.rows] = value;
    if (this.#texts) this.#texts[this.rows] = -1;
    this.rows++;
  }

  text(index: number): void {
    if (this.rows === this.#room) this.#grow(this.rows * 2);
    const texts = this.#texts ?? this.#begin("texts");
    if (texts) texts[this.rows] = index;
    if (this.#values) this.#values[this.rows] = NaN;
    this.rows++;
  }

  missing(): void {
    if (this.rows === this.#room) this.#grow(this.rows * 2);
    if (this.#values) this.#values[this.rows] = NaN;
    if (this.#texts) this.#texts[this.rows] = -1;
    this.rows++;
  }

  /** The number of a row; NaN where there is none. */
  numberOf(row: number): number {
    return this.#values && row < this.rows ? this.#values[row] : NaN;
  }

  /** Which text a row has; −1 where it has none. */
  textOf(row: number): number {
    return this.#texts && row < this.rows ? this.#texts[row] : -1;
  }

  /** The cells as they lie here, to be read or handed over. */
  get packed(): PackedCells {
    return { rows: this.rows, forgotten: this.forgotten, ...(this.#values && { values: this.#values }), ...(this.#texts && { texts: this.#texts }) };
  }

  /** Puts the cells of later rows behind those that are here; `numbers` says which text each of theirs is. */
  append(later: PackedCells, numbers: Int32Array): void {
    const [first, rows] = [this.rows, this.rows + later.rows];
    if (later.forgotten) this.#forget();
    if (rows > this.#room) this.#grow(rows);
    const values = later.values ? (this.#values ?? this.#begin("values")) : this.#values;
    const texts = later.texts ? (this.#texts ?? this.#begin("texts")) : this.#texts;
    if (later.values) values?.set(later.values.subarray(0, later.rows), first);
    else values?.fill(NaN, first, rows);
    if (!later.texts) texts?.fill(-1, first, rows);
    else if (texts) for (let row = 0; row < later.rows; row++) texts[first + row] = later.texts[row] < 0 ? -1 : numbers[later.texts[row]];
    this.rows = rows;
  }

  /** An array for what has not come before, with what stands for that in the rows so far. */
  #begin<K extends "values" | "texts">(kind: K): (K extends "values" ? Float64Array : Int32Array) | undefined;
  #begin(kind: "values" | "texts"): Float64Array | Int32Array | undefined {
    if (!this.#isRoomFor(this.#room * (kind === "values" ? 8 : 4))) return undefined;
    if (kind === "values") return (this.#values = new Float64Array(this.#room).fill(NaN, 0, this.rows));
    return (this.#texts = new Int32Array(this.#room).fill(-1, 0, this.rows));
  }

  #grow(rows: number): void {
    const more = (rows - this.#room) * ((this.#values ? 8 : 0) + (this.#texts ? 4 : 0));
    this.#room = rows;
    if (!this.#isRoomFor(more)) return;
    if (this.#values) this.#values = grown(this.#values, new Float64Array(rows));
    if (this.#texts) this.#texts = grown(this.#texts, new Int32Array(rows));
  }

  #isRoomFor(bytes: number): boolean {
    if (this.forgotten) return false;
    this.#budget.left -= bytes;
    if (this.#budget.left < 0) this.#forget();
    return !this.forgotten;
  }

  #forget(): void {
    this.forgotten = true;
    this.#values = this.#texts = undefined;
  }
}

function grown<T extends Float64Array | Int32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
