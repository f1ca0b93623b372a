import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { Cell } from "../../values/reading.ts";
import type { RawColumn } from "../sources/layout.ts";
import type { BlockCells } from "./cell-block.ts";

/** Keeps the cells of a column of a typed file, chunk by chunk, as they stand there. */
export class ChunkCells {
  readonly #column: RawColumn;
  readonly #at: number;
  readonly #blockRows: number;
  #values: Float64Array;
  #cells: Cell[] = [];

  /** `at`: the place of the column in the chunks. */
  constructor(column: RawColumn, at: number, blockRows: number) {
    this.#column = column;
    this.#at = at;
    this.#blockRows = blockRows;
    this.#values = new Float64Array(this.#fixed ? blockRows : 0);
  }

  /** Whether the select leaves no NULL and gives doubles, which are copied where they lie. */
  get #fixed(): boolean {
    return this.#column.select?.kind === "number" || this.#column.select?.kind === "time";
  }

  /** The rows of a chunk, behind `rows` others. */
  add(chunk: DuckDBDataChunk, rows: number): void {
    if (this.#fixed) return this.#values.set((chunk.getColumnVector(this.#at) as unknown as { items: Float64Array }).items.subarray(0, chunk.rowCount), rows);
    const cellOf = this.#column.select?.kind === "json" ? jsonCell : this.#column.typed === "boolean" ? (text: string) => text === "true" : (text: string) => text;
    for (const text of chunk.getColumnValues(this.#at) as (string | null)[]) this.#cells.push(text === null ? null : cellOf(text));
  }

  /** The `rows` that there are, and begins anew. */
  take(rows: number): BlockCells {
    const [values, cells] = [this.#values, this.#cells];
    this.#values = new Float64Array(this.#fixed ? this.#blockRows : 0);
    this.#cells = [];
    if (!this.#fixed) return { cells };
    return this.#column.select?.kind === "time" ? { times: values.subarray(0, rows) } : { numbers: values.subarray(0, rows) };
  }
}

/** A cell of JSON; an integer that a double does not hold keeps its digits as a text. */
function jsonCell(text: string): Cell {
  if (text === "null") return null;
  if (text === "true" || text === "false") return text === "true";
  if (text.startsWith('"')) return JSON.parse(text) as string;
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
}
