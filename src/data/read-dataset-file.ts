import { numbersOf } from "../parquet/plain-values.ts";
import { ParquetReader, type ColumnBlock, type StoredColumn } from "../parquet/parquet-reader.ts";
import { TextTable } from "./columns/text-table.ts";
import type { Column, Table } from "./types.ts";

/**
 * Reads columns (all where none are named) of a Parquet file that ingest wrote, without a database: what `readTable` says of its table holds. Undefined
 * where the file is not of our writing, has no such column, or has points in time finer than days, whose rounding is the database's.
 *
 * @throws what the file system says, and `RangeError` or an error of zlib's where a file of ours is damaged
 */
export async function readDatasetFile(path: string, names?: readonly string[], shared = false): Promise<Table | undefined> {
  const reader = await ParquetReader.open(path);
  if (!reader) return undefined;
  try {
    const places = (names ?? reader.columns.map(({ name }) => name)).map((name) => reader.columns.findIndex((column) => column.name === name));
    if (!places.every((place) => place >= 0 && isPlain(reader.columns[place]))) return undefined;
    const filled = places.map((place) => fillerOf(reader.columns[place], reader.rows, shared));
    for await (const blocks of reader.blocks(places)) for (const [index, block] of blocks.entries()) filled[index].add(block);
    return { rows: reader.rows, columns: filled.map((one) => one.column()) };
  } finally {
    await reader.close();
  }
}

const isPlain = ({ physical, converted }: StoredColumn): boolean =>
  physical === "BYTE_ARRAY" ? converted === 0 : physical === "INT32" ? converted === 6 : converted === undefined;

interface Filler {
  add(block: ColumnBlock): void;
  column(): Column;
}

const fillerOf = ({ name, physical }: StoredColumn, rows: number, shared: boolean): Filler =>
  physical === "BYTE_ARRAY" ? new FilledTexts(name, rows, shared) : physical === "BOOLEAN" ? new FilledTruth(name, rows, shared) : new FilledNumbers(name, physical, rows, shared);

/** Zeros, in memory that other threads can be given where it is `shared`. */
export const memoryOf = (bytes: number, shared: boolean): ArrayBuffer | SharedArrayBuffer => (shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));

class FilledNumbers implements Filler {
  readonly #name: string;
  readonly #physical: StoredColumn["physical"];
  readonly #values: Float64Array;
  #rows = 0;

  constructor(name: string, physical: StoredColumn["physical"], rows: number, shared: boolean) {
    this.#name = name;
    this.#physical = physical;
    this.#values = new Float64Array(memoryOf(8 * rows, shared));
  }

  add({ rows, present, plain, codes }: ColumnBlock): void {
    const into = this.#values.subarray(this.#rows, this.#rows + rows);
    if (!present && !codes && this.#physical === "DOUBLE") new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(plain);
    else this.#spread(numbersOf(plain, this.#physical), into, present, codes);
    this.#rows += rows;
  }

  #spread(numbers: Float64Array, into: Float64Array, present: Int32Array | undefined, codes: Int32Array | undefined): void {
    for (let row = 0, at = 0; row < into.length; row++) into[row] = present && present[row] === 0 ? NaN : codes ? numbers[codes[at++]] : numbers[at++];
  }

  column(): Column {
    return { name: this.#name, type: "number", values: this.#values };
  }
}

class FilledTruth implements Filler {
  readonly #name: string;
  readonly #codes: Int32Array;
  readonly #met = [false, false];
  #rows = 0;

  constructor(name: string, rows: number, shared: boolean) {
    this.#name = name;
    this.#codes = new Int32Array(memoryOf(4 * rows, shared));
  }

  add({ rows, present, plain }: ColumnBlock): void {
    for (let row = 0, at = 0; row < rows; row++) {
      const code = present && present[row] === 0 ? -1 : (plain[at >> 3] >> (at++ & 7)) & 1;
      if (code >= 0) this.#met[code] = true;
      this.#codes[this.#rows++] = code;
    }
  }

  column(): Column {
    // Truth alone has the code 0.
    if (this.#met[1] && !this.#met[0]) for (let row = 0; row < this.#codes.length; row++) if (this.#codes[row] === 1) this.#codes[row] = 0;
    return { name: this.#name, type: "category", codes: this.#codes, dictionary: ["false", "true"].filter((_, code) => this.#met[code]) };
  }
}

class FilledTexts implements Filler {
  readonly #name: string;
  readonly #codes: Int32Array;
  readonly #texts = new TextTable();
  #rows = 0;

  constructor(name: string, rows: number, shared: boolean) {
    this.#name = name;
    this.#codes = new Int32Array(memoryOf(4 * rows, shared));
  }

  add({ rows, present, plain, codes }: ColumnBlock): void {
    const entries: number[] = [];
    for (let at = 0; at < plain.length; ) {
      const length = plain.readUInt32LE(at);
      entries.push(this.#texts.put(plain, at + 4, at + 4 + length));
      at += 4 + length;
    }
    for (let row = 0, at = 0; row < rows; row++) this.#codes[this.#rows++] = present && present[row] === 0 ? -1 : entries[codes ? codes[at++] : at++];
  }

  column(): Column {
    const { bytes, starts } = this.#texts.packed;
    const all = Buffer.from(bytes.buffer);
    const texts = Array.from(starts, (start, at) => all.subarray(start, starts[at + 1] ?? all.length));
    const order = [...texts.keys()].sort((one, other) => Buffer.compare(texts[one], texts[other]));
    const codeOf = new Int32Array(texts.length);
    for (const [code, text] of order.entries()) codeOf[text] = code;
    for (let row = 0; row < this.#codes.length; row++) if (this.#codes[row] >= 0) this.#codes[row] = codeOf[this.#codes[row]];
    return { name: this.#name, type: "category", codes: this.#codes, dictionary: order.map((text) => texts[text].toString()) };
  }
}
