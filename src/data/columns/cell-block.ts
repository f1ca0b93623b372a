import type { Cell } from "../../values/reading.ts";
import type { CellSink } from "./cell-sink.ts";
import { numberOfBytes } from "./plain-number.ts";

/** The cells of a column in a block of rows as they stand in the file: plain numbers (NaN: missing), points in time (ms since 1970; NaN: missing), or whatever they are (null: missing). */
export type BlockCells = { readonly numbers: Float64Array } | { readonly times: Float64Array } | { readonly cells: readonly Cell[] };

/** Keeps the cells of a column of delimited text: as numbers while all are plain ones and nobody asks how they were written (`plain`), else as texts. */
export class CellBlock implements CellSink {
  readonly #plain: boolean;
  readonly #blockRows: number;
  #numbers: Float64Array | undefined;
  #cells: Cell[] = [];
  #rows = 0;

  constructor(blockRows: number, plain: boolean) {
    this.#blockRows = blockRows;
    this.#plain = plain;
    this.#begin();
  }

  bytes(buffer: Uint8Array, start: number, end: number): void {
    if (this.#numbers) {
      const value = start === end ? NaN : numberOfBytes(buffer, start, end);
      if (value === value || start === end) {
        this.#numbers[this.#rows++] = value;
        return;
      }
    }
    this.#put(start === end ? null : Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString("utf8"));
  }

  text(text: string): void {
    this.#put(text);
  }

  number(value: number): void {
    this.#put(value);
  }

  time(value: number): void {
    this.#put(Number.isNaN(value) ? null : new Date(value).toISOString());
  }

  missing(): void {
    this.#put(null);
  }

  /** What there is, and begins anew. */
  take(): BlockCells {
    const taken: BlockCells = this.#numbers ? { numbers: this.#numbers.subarray(0, this.#rows) } : { cells: this.#cells };
    this.#begin();
    return taken;
  }

  #begin(): void {
    this.#numbers = this.#plain ? new Float64Array(this.#blockRows) : undefined;
    this.#cells = [];
    this.#rows = 0;
  }

  #put(cell: Cell): void {
    // The first cell that is no plain number: those before it are numbers among the others.
    if (this.#numbers) {
      this.#cells = Array.from(this.#numbers.subarray(0, this.#rows), (value) => (Number.isNaN(value) ? null : value));
      this.#numbers = undefined;
    }
    this.#cells.push(cell);
    this.#rows++;
  }
}
