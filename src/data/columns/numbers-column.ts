import { readNumber, readTime } from "../../values/read-cell.ts";
import type { Cell, NumberReading, TimeReading } from "../../values/reading.ts";
import type { CellSink } from "./cell-sink.ts";
import { numberOfBytes } from "./plain-number.ts";
import type { PackedCells } from "./remembered-cells.ts";
import { TextTable } from "./text-table.ts";

const encoder = new TextEncoder();

/**
 * Reads the cells of a column of numbers or points in time, block by block: NaN is missing, times are milliseconds since 1970. A text is read once, however
 * often it comes.
 */
export class NumbersColumn implements CellSink {
  /** Of the block; the first `rows` are there. */
  values: Float64Array;
  rows = 0;
  /** Cells of all blocks that are no value of the column; they are missing. */
  misfits = 0;
  readonly #read: (cell: Cell) => number | undefined;
  /** A plain number is itself: there are no marks, and no number stands for missing. */
  readonly #plain: boolean;
  #texts = new TextTable();
  /** Of each text: its value, and whether it is a misfit. */
  #known: { readonly value: number; readonly misfit: boolean }[] = [];

  constructor(reading: NumberReading | TimeReading, blockRows: number) {
    this.values = new Float64Array(blockRows);
    this.#read = reading.type === "number" ? (cell) => readNumber(cell, reading) : (cell) => readTime(cell, reading);
    this.#plain = reading.type === "number" && reading.decimal === undefined && reading.thousands === undefined && (reading.missing ?? []).every((word) => Number.isNaN(Number(word)));
  }

  bytes(buffer: Uint8Array, start: number, end: number): void {
    if (this.#plain) {
      while (start < end && isBlank(buffer[start])) start++;
      while (end > start && isBlank(buffer[end - 1])) end--;
      const value = numberOfBytes(buffer, start, end);
      if (value === value) {
        this.values[this.rows++] = value;
        return;
      }
    }
    if (start === end) return this.missing();
    // The texts of a column of times may all be different; then looking them up costs more than reading them.
    if (this.#texts.size > mostTexts) {
      this.#texts = new TextTable();
      this.#known = [];
    }
    this.indexed(this.#texts.put(buffer, start, end), this.#texts);
  }

  /** Whether a plain number of the source is its value whatever its text. */
  get takesNumbers(): boolean {
    return this.#plain;
  }

  /** A text by its number in a table, the same for all of a column: its own, or that of a survey. */
  indexed(index: number, texts: TextTable): void {
    this.#put(this.rows++, index, texts);
  }

  /** Cells `from` up to `until` of those that a survey has remembered, whose texts have their numbers in its table. */
  remembered({ rows, values, texts }: PackedCells, table: TextTable, from: number, until: number): void {
    const first = this.rows;
    this.rows += until - from;
    // The whole column, all numbers, needs no copy: nothing is written behind it.
    if (values && !texts && from === 0 && until === rows && first === 0 && rows === this.values.length) this.values = values.subarray(0, rows);
    else if (values) this.values.set(values.subarray(from, until), first);
    else this.values.fill(NaN, first, this.rows);
    if (texts) for (let row = from; row < until; row++) if (texts[row] >= 0) this.#put(first + row - from, texts[row], table);
  }

  text(text: string): void {
    const bytes = encoder.encode(text);
    this.bytes(bytes, 0, bytes.length);
  }

  number(value: number): void {
    const read = this.#plain ? value : this.#value(value);
    if (typeof read === "number") this.values[this.rows++] = read;
    else {
      if (read.misfit) this.misfits++;
      this.values[this.rows++] = read.value;
    }
  }

  /** It is what it is: no unit is guessed from its size, as of a number that may count seconds. */
  time(value: number): void {
    this.values[this.rows++] = value;
  }

  missing(): void {
    this.values[this.rows++] = NaN;
  }

  #put(row: number, index: number, texts: TextTable): void {
    const known = texts.size > mostTexts ? this.#value(texts.text(index)) : (this.#known[index] ??= this.#value(texts.text(index)));
    if (known.misfit) this.misfits++;
    this.values[row] = known.value;
  }

  #value(cell: Cell): { value: number; misfit: boolean } {
    const value = this.#read(cell);
    return value === undefined ? { value: NaN, misfit: true } : { value, misfit: false };
  }
}

const mostTexts = 100_000;
const isBlank = (byte: number): boolean => byte === 32 || byte === 9;
