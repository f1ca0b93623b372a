import type { DuckDBAppender } from "@duckdb/node-api";
import { invalid } from "../../errors.ts";
import { typeOfCell, widen } from "./cell-types.ts";
import { identifier, withConnection } from "../../storage/duckdb.ts";
import { copyToParquet, sizeAndHash } from "./ingest.ts";
import type { IngestedTable } from "./ingest.ts";
import { columnType } from "../types.ts";
import type { DatasetColumn, StoredType } from "../types.ts";

export type CellValue = number | string | boolean | null | undefined;
export type Row = Readonly<Record<string, CellValue>>;

export interface IngestRowsRequest {
  readonly rows: readonly Row[];
  /** The columns to write, so that these rows fit a dataset there is; inferred from the rows when absent. */
  readonly columns?: readonly DatasetColumn[];
  readonly into: string;
}

/**
 * Writes rows that arrived by API (labelled predictions, say) as one Parquet file, as `ingest` writes it. Without `columns`, these are all
 * keys in order of first appearance, typed by their values: numbers BIGINT or DOUBLE, booleans BOOLEAN, strings VARCHAR unless every one
 * is an ISO date or time. null, undefined, NaN, "" and an absent key are missing.
 *
 * @throws `data.no_rows`, `data.value_mismatch` (a value that is not of its column's type, by row number from 1), `data.unknown_column`
 */
export async function ingestRows({ rows, columns, into }: IngestRowsRequest): Promise<IngestedTable> {
  if (rows.length === 0) throw invalid("data.no_rows", "There are no rows to ingest.");
  const typed = columns ?? inferColumns(rows);
  const names = new Set(typed.map(({ name }) => name));
  for (const [index, row] of rows.entries()) {
    const unknown = Object.keys(row).find((name) => !names.has(name));
    if (unknown === undefined) continue;
    const message = `Row ${index + 1} has "${unknown}", which is no column of the dataset (${[...names].join(", ")}).`;
    throw invalid("data.unknown_column", message, { row: index + 1, column: unknown });
  }
  return await withConnection(async (connection) => {
    const declared = typed.map(({ stored }, index) => `c${index} ${appendedType(stored)}`);
    await connection.run(`CREATE TEMP TABLE incoming (${declared.join(", ")})`);
    const appender = await connection.createAppender("incoming");
    for (const [index, row] of rows.entries()) {
      for (const column of typed) append(appender, row[column.name], column, index + 1);
      appender.endRow();
    }
    appender.closeSync();
    const list = typed.map(({ name, stored }, index) => `${castAppended(`c${index}`, stored)} AS ${identifier(name)}`);
    const count = await copyToParquet(connection, `SELECT ${list.join(", ")} FROM incoming`, into);
    return { path: into, rows: count, columns: typed, ...(await sizeAndHash(into)) };
  });
}

/** JavaScript's own types; DuckDB turns them into what is stored. */
const appendedType = (stored: StoredType): string =>
  stored === "BIGINT" || stored === "DOUBLE" ? "DOUBLE" : stored === "BOOLEAN" ? "BOOLEAN" : "VARCHAR";

const castAppended = (name: string, stored: StoredType): string =>
  stored === "TIMESTAMP" ? `(${name}::TIMESTAMPTZ AT TIME ZONE 'UTC')` : `${name}::${stored}`;

const isMissing = (value: CellValue): value is null | undefined =>
  value === null || value === undefined || value === "" || Number.isNaN(value);

function inferColumns(rows: readonly Row[]): DatasetColumn[] {
  const types = new Map<string, StoredType | undefined>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      const before = types.get(name);
      const here = isMissing(value) ? undefined : typeOfValue(value);
      types.set(name, before === undefined || here === undefined ? (before ?? here) : widen(before, here));
    }
  }
  return [...types].map(([name, stored = "VARCHAR"]) => ({ name, stored, type: columnType(stored) }));
}

function typeOfValue(value: number | string | boolean): StoredType {
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "number") return Number.isSafeInteger(value) ? "BIGINT" : "DOUBLE";
  const type = typeOfCell(value, ".");
  return (type === "DATE" || type === "TIMESTAMP") && !Number.isNaN(Date.parse(value)) ? type : "VARCHAR";
}

function append(appender: DuckDBAppender, value: CellValue, { name, stored }: DatasetColumn, row: number): void {
  if (isMissing(value)) return appender.appendNull();
  const type = typeOfValue(value);
  switch (stored) {
    case "VARCHAR":
      return appender.appendVarchar(String(value));
    case "BOOLEAN":
      if (typeof value === "boolean") return appender.appendBoolean(value);
      break;
    case "BIGINT":
      if (type === "BIGINT") return appender.appendDouble(value as number);
      break;
    case "DOUBLE":
      if (typeof value === "number") return appender.appendDouble(value);
      break;
    case "DATE":
      if (type === "DATE") return appender.appendVarchar(value as string);
      break;
    case "TIMESTAMP":
      if (type === "DATE" || type === "TIMESTAMP") return appender.appendVarchar(value as string);
  }
  const message = `Row ${row}: column "${name}" takes ${expected[stored]}, not ${JSON.stringify(value)}.`;
  throw invalid("data.value_mismatch", message, { row, column: name, stored });
}

const expected: Readonly<Record<StoredType, string>> = {
  BIGINT: "whole numbers",
  DOUBLE: "numbers",
  BOOLEAN: "true or false",
  VARCHAR: "text",
  DATE: "ISO dates (2011-12-31)",
  TIMESTAMP: "ISO times (2011-12-31T18:00:00Z)",
};
