import type { Column, Table } from "./types.ts";

/** The given rows of a table, in the given order; dictionaries stay as they are. */
export const selectRows = (table: Table, rows: Uint32Array): Table => ({ rows: rows.length, columns: table.columns.map((column) => selected(column, rows)) });

/** Numbers of rows, evenly spaced, `most` at most. */
export function everyNth(rows: number, most: number): Uint32Array {
  const count = Math.min(rows, most);
  return Uint32Array.from({ length: count }, (_, index) => Math.floor((index * rows) / count));
}

/** The numbers of the given rows. Loops, since `from` with a function takes ten times as long. */
export function numbersAt(values: Float64Array, rows: Uint32Array): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) picked[at] = values[rows[at]];
  return picked;
}

function selected(column: Column, rows: Uint32Array): Column {
  if (column.type === "number") return { ...column, values: numbersAt(column.values, rows) };
  const codes = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at++) codes[at] = column.codes[rows[at]];
  return { ...column, codes };
}
