import type { Table } from "./types.ts";

/** The name of the column; no column of a source is called so. */
const name = "\u0000row";

/** A table whose rows, however they are chosen from it afterwards, know which rows of the dataset's file they are. */
export const withRowNumbers = (table: Table): Table => ({ ...table, columns: [...table.columns, { name, type: "number", values: Float64Array.from({ length: table.rows }, (_, row) => row) }] });

/** Which rows of the dataset's file the rows of such a table are. */
export function rowNumbersOf(table: Table): Uint32Array {
  const column = table.columns.find((one) => one.name === name);
  if (column?.type !== "number") throw new Error("this table does not know which rows of its file it holds");
  return Uint32Array.from(column.values);
}
