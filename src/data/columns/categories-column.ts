import { readCategory } from "../../values/read-cell.ts";
import type { CategoryReading, Cell } from "../../values/reading.ts";
import type { CellSink } from "./cell-sink.ts";
import type { PackedCells } from "./remembered-cells.ts";
import { TextTable } from "./text-table.ts";

const encoder = new TextEncoder();

/** Reads the cells of a column of categories, block by block, as codes of a dictionary that grows; -1 is missing. */
export class CategoriesColumn implements CellSink {
  readonly codes: Int32Array;
  rows = 0;
  /** Categories by their codes, of all blocks so far. */
  readonly dictionary: string[] = [];
  /** Truth values that are neither true nor false, in all blocks; they are missing. */
  misfits = 0;
  readonly #reading: CategoryReading;
  readonly #codeOf = new Map<string, number>();
  readonly #texts = new TextTable();
  readonly #codeOfText: number[] = [];

  constructor(reading: CategoryReading, blockRows: number) {
    this.#reading = reading;
    this.codes = new Int32Array(blockRows);
  }

  bytes(buffer: Uint8Array, start: number, end: number): void {
    if (start === end) return this.missing();
    this.indexed(this.#texts.put(buffer, start, end), this.#texts);
  }

  /** A text by its number in a table, the same for all of a column: its own, or that of a survey. */
  indexed(index: number, texts: TextTable): void {
    this.#put((this.#codeOfText[index] ??= this.#code(texts.text(index))));
  }

  /** Cells `from` up to `until` of those that a survey has remembered, of which none is a number. */
  remembered({ texts }: PackedCells, table: TextTable, from: number, until: number): void {
    for (let row = from; row < until; row++) {
      if (!texts || texts[row] < 0) this.missing();
      else this.indexed(texts[row], table);
    }
  }

  text(text: string): void {
    const bytes = encoder.encode(text);
    this.bytes(bytes, 0, bytes.length);
  }

  number(value: number): void {
    this.#put(this.#code(value));
  }

  time(value: number): void {
    if (value !== value) return this.missing();
    this.#put(this.#code(new Date(value).toISOString()));
  }

  missing(): void {
    this.#put(-1);
  }

  #put(code: number): void {
    if (code === misfit) this.misfits++;
    this.codes[this.rows++] = Math.max(code, -1);
  }

  #code(cell: Cell): number {
    const category = readCategory(cell, this.#reading);
    if (category === "") return -1;
    if (this.#reading.boolean && category !== "true" && category !== "false") return misfit;
    const known = this.#codeOf.get(category);
    if (known !== undefined) return known;
    this.#codeOf.set(category, this.dictionary.length);
    return this.dictionary.push(category) - 1;
  }
}

const misfit = -2;
