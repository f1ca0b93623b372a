import type { Table } from "../data/types.ts";

/** The target as class labels; numbers are written in decimal. */
export function labelsOf(table: Table, target: string): string[] {
  const column = table.columns.find((one) => one.name === target)!;
  return column.type === "number" ? Array.from(column.values, String) : Array.from(column.codes, (code) => column.dictionary[code]);
}
