import { codedColumn, numberColumn, truthColumn, type ColumnValues } from "../../parquet/column-values.ts";
import { ParquetFile } from "../../parquet/parquet-file.ts";
import { CategoriesColumn } from "../columns/categories-column.ts";
import { NumbersColumn } from "../columns/numbers-column.ts";
import { joinedTimes } from "../columns/joined-date.ts";
import type { DatasetColumn } from "../types.ts";
import { parquetTypes } from "./layout.ts";

/** Rows of a row group: DuckDB's own number, so that it reads each in one go. */
export const blockRows = 122_880;

type BlockColumn = NumbersColumn | CategoriesColumn;
type Keeps = (block: readonly (BlockColumn | JoinedBlock)[], row: number) => boolean;

/** A column that is joined from others of its block. */
interface JoinedBlock {
  readonly names: readonly string[];
  readonly parts: readonly BlockColumn[];
  values: Float64Array;
  rows: number;
  misfits: number;
}

/** Cells in, rows of a dataset's Parquet file out: values by each column's reading, row group by row group. Columns that are joined from others come last. */
export class DatasetFileWriter {
  readonly sinks: readonly BlockColumn[];
  readonly #joined: readonly JoinedBlock[];
  rows = 0;
  readonly #columns: readonly DatasetColumn[];
  readonly #file: ParquetFile;
  /** Which rows of a block are kept; all where it is absent. */
  readonly #keeps: Keeps | undefined;

  private constructor(file: ParquetFile, columns: readonly DatasetColumn[], keeps: Keeps | undefined, rows: number) {
    this.#file = file;
    this.#columns = columns;
    this.#keeps = keeps;
    this.sinks = columns.filter(({ joins }) => joins === undefined).map(({ reading = { type: "category" } }) => (reading.type === "category" ? new CategoriesColumn(reading, rows) : new NumbersColumn(reading, rows)));
    const sinkOf = (part: string): BlockColumn => this.sinks[columns.findIndex(({ name }) => name === part)];
    this.#joined = columns.flatMap(({ joins }) => (joins ? [{ names: joins, parts: joins.map(sinkOf), values: new Float64Array(), rows: 0, misfits: 0 }] : []));
  }

  static async create(path: string, columns: readonly DatasetColumn[], options: { readonly rows: number; readonly keeps?: Keeps }): Promise<DatasetFileWriter> {
    return new DatasetFileWriter(await ParquetFile.create(path), columns, options.keeps, Math.min(blockRows, options.rows));
  }

  /** Writes the block when it is full; call it after each row. */
  endRow(): Promise<void> | undefined {
    const [first] = this.sinks;
    return first.rows === lengthOf(first) ? this.#flush() : undefined;
  }

  /** How many cells were no value of their column, by its name. */
  misfits(): Map<string, number> {
    return new Map([...this.sinks, ...this.#joined].flatMap(({ misfits }, index) => (misfits > 0 ? [[this.#columns[index].name, misfits] as const] : [])));
  }

  /** Says the file's bytes and their SHA-256. */
  async close(): Promise<{ readonly size: number; readonly sha256: string }> {
    if (this.sinks[0].rows > 0) await this.#flush();
    return await this.#file.close(this.#columns.map(({ name, stored }) => ({ name, type: parquetTypes[stored] })));
  }

  async abandon(): Promise<void> {
    await this.#file.abandon();
  }

  async #flush(): Promise<void> {
    const count = this.sinks[0].rows;
    for (const joined of this.#joined) {
      joined.values = joinedTimes(joined.names, joined.parts, 0, count);
      joined.misfits += joined.values.reduce((sum, time) => sum + (Number.isNaN(time) ? 1 : 0), 0);
    }
    const block = [...this.sinks, ...this.#joined];
    const kept = this.#keeps && Int32Array.from({ length: count }, (_, row) => row).filter((row) => this.#keeps!(block, row));
    const rows = kept?.length ?? count;
    if (rows > 0) await this.#file.write(this.#columns.map((column, index) => columnValues(column, block[index], count, kept)), rows);
    this.rows += rows;
    for (const sink of this.sinks) sink.rows = 0;
  }
}

const lengthOf = (column: BlockColumn): number => (column instanceof NumbersColumn ? column.values.length : column.codes.length);

function columnValues({ name, stored }: DatasetColumn, column: BlockColumn | JoinedBlock, count: number, kept: Int32Array | undefined): ColumnValues {
  if (column instanceof CategoriesColumn) {
    const codes = kept ? Int32Array.from(kept, (row) => column.codes[row]) : column.codes.subarray(0, count);
    if (stored === "BOOLEAN") return truthColumn(name, truthCodes(codes, column.dictionary));
    return codedColumn(name, ...ownDictionary(codes, column.dictionary));
  }
  const values = kept ? Float64Array.from(kept, (row) => column.values[row]) : column.values.subarray(0, count);
  if (stored === "DATE") return numberColumn(name, "DATE", values.map((value) => Math.floor(value / 86_400_000)));
  if (stored === "TIMESTAMP") return numberColumn(name, "MICROSECONDS", values.map((value) => Math.round(value * 1000)));
  return numberColumn(name, stored === "BIGINT" ? "INT64" : "DOUBLE", values);
}

const truthCodes = (codes: Int32Array, dictionary: readonly string[]): Int32Array => codes.map((code) => (code < 0 ? -1 : dictionary[code] === "true" ? 1 : 0));

/** The codes of a block with the dictionary of just its categories. */
function ownDictionary(codes: Int32Array, dictionary: readonly string[]): [codes: Int32Array, dictionary: string[]] {
  const own = new Int32Array(dictionary.length).fill(-1);
  const categories: string[] = [];
  const recoded = codes.map((code) => {
    if (code < 0) return -1;
    if (own[code] < 0) own[code] = categories.push(dictionary[code]) - 1;
    return own[code];
  });
  return [recoded, categories];
}
