import type { Column, Table } from "../data/types.ts";
import { drawToFront, type Random } from "./random.ts";

/**
 * A table several times over, one behind the other: for each of `features` with that one's values dealt to other rows, for a null as it is. What a model answers
 * tells how much it goes by each.
 */
export function permuted(table: Table, features: readonly (string | null)[], random: Random): Table {
  const orders = features.map((name) => (name === null ? undefined : shuffled(table.rows, random)));
  const rows = table.rows * features.length;
  const repeat = <T extends Float64Array | Int32Array>(name: string, values: T, into: T): T => {
    for (const [at, feature] of features.entries()) {
      const order = feature === name ? orders[at] : undefined;
      for (let row = 0; row < table.rows; row++) into[at * table.rows + row] = values[order ? order[row] : row];
    }
    return into;
  };
  const columns = table.columns.map(
    (column): Column => (column.type === "number" ? { ...column, values: repeat(column.name, column.values, new Float64Array(rows)) } : { ...column, codes: repeat(column.name, column.codes, new Int32Array(rows)) }),
  );
  return { rows, columns };
}

/** Row numbers in a random order. */
function shuffled(rows: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  drawToFront(order, rows, random);
  return order;
}
