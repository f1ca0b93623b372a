import type { StoredType } from "../types.ts";

/** A column of a source as it stands there, before anything is decided about it. */
export interface RawColumn {
  readonly name: string;
  /** The source's own type, where that settles what a column is. */
  readonly typed?: "boolean" | "timestamp" | "date";
  /** Whole numbers come as floats, so that 7 is 7.0 there. */
  readonly floats?: boolean;
  /** Typed sources: the SQL that gives it as text (`text`), as a double (`number`), as a double of milliseconds (`time`), or as JSON (`json`). */
  readonly select?: { readonly kind: "text" | "number" | "time" | "json"; readonly sql: string };
}

/** Which part of a CSV file is the table. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly width: number;
  readonly skipLines: number;
  readonly skipRecords: number;
  readonly until?: number;
}

/** How the cells of a table's file are reached; plain data. */
export interface Layout {
  readonly path: string;
  readonly csv?: CsvLayout;
  /** Typed sources: the table function. */
  readonly from?: string;
  readonly columns: readonly RawColumn[];
}

/** The columns of a dataset's Parquet file by how they are stored. */
export const parquetTypes = { BIGINT: "INT64", DOUBLE: "DOUBLE", DATE: "DATE", TIMESTAMP: "MICROSECONDS", VARCHAR: "STRING", BOOLEAN: "BOOLEAN" } as const satisfies Record<StoredType, string>;
