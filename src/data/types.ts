import type { Reading } from "../values/reading.ts";

/** A column of numbers; a missing value is NaN. */
export interface NumberColumn {
  readonly name: string;
  readonly type: "number";
  readonly values: Float64Array;
}

/** A column of categories, dictionary-coded: `codes[row]` points into `dictionary`; a missing value is -1. */
export interface CategoryColumn {
  readonly name: string;
  readonly type: "category";
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

export type Column = NumberColumn | CategoryColumn;

/** A table held in memory, column by column; every column has `rows` values. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** What a column means to a model: a number, a category (text and booleans), or a point in time. */
export type ColumnType = "number" | "category" | "timestamp";

/** How a column is stored in a dataset's Parquet file (DuckDB's names); points in time are UTC. */
export type StoredType = "BIGINT" | "DOUBLE" | "VARCHAR" | "BOOLEAN" | "DATE" | "TIMESTAMP";

/** A column of a source or of a dataset, by name and type. */
export interface DatasetColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly stored: StoredType;
  /** How its cells became values; absent in datasets of before readings were kept, and in a Parquet file alone. */
  readonly reading?: Reading;
  /** The columns that it was joined from, where it stands in no cell of the source (`columns/joined-date.ts`). */
  readonly joins?: readonly string[];
}

/** How the columns that have a reading are read, by name. */
export const readingsOf = (columns: readonly DatasetColumn[]): Record<string, Reading> =>
  Object.fromEntries(columns.flatMap(({ name, reading }) => (reading ? [[name, reading] as const] : [])));

/** A column's meaning follows from how it is stored. */
export function columnType(stored: StoredType): ColumnType {
  if (stored === "BIGINT" || stored === "DOUBLE") return "number";
  return stored === "DATE" || stored === "TIMESTAMP" ? "timestamp" : "category";
}

/**
 * The rows whose value in column `time` lies in [from, until). Rows where it is missing are left out.
 * On a date or timestamp column the bounds are ISO 8601 strings (without an offset they are UTC); on a number column, numbers.
 */
export interface TimeRange {
  readonly time: string;
  readonly from?: string | number;
  readonly until?: string | number;
}
