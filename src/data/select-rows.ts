import type { Table } from "./types.ts";

/** The given rows of a table, in the given order; dictionaries stay as they are. */
export function selectRows(table: Table, rows: Uint32Array): Table {
  const columns = table.columns.map((column) =>
    column.type === "number"
      ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]) }
      : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]) },
  );
  return { rows: rows.length, columns };
}
