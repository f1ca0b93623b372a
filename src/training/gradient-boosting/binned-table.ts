import type { CategoryColumn, Column, NumberColumn } from "../../data/types.ts";
import type { CategoryBins, FeatureBins, NumberBins } from "./bins.ts";

/** Rows as bins, column by column: feature f of row r is `data[f * rows + r]`. */
export interface BinnedTable {
  readonly rows: number;
  readonly data: Uint8Array;
}

/** Bins rows `start` to `end` of the columns, which must be of the types of `bins`. */
export function binRows(
  columns: readonly Column[],
  bins: readonly FeatureBins[],
  start: number,
  end: number,
): BinnedTable {
  const rows = end - start;
  const data = new Uint8Array(rows * columns.length);
  for (let f = 0; f < columns.length; f++) {
    const column = columns[f];
    const feature = bins[f];
    const target = data.subarray(f * rows, (f + 1) * rows);
    if (column.type === "number") binNumbers(column, feature as NumberBins, start, target);
    else binCategories(column, feature as CategoryBins, start, target);
  }
  return { rows, data };
}

function binNumbers(column: NumberColumn, { edges, count }: NumberBins, start: number, target: Uint8Array): void {
  // With all 255 edges present the binary search always takes the same eight steps.
  const padded = new Float32Array(255).fill(Infinity);
  padded.set(edges);
  const { values } = column;
  for (let row = 0; row < target.length; row++) {
    const value = Math.fround(values[start + row]);
    if (value !== value) {
      target[row] = count;
      continue;
    }
    let bin = 0;
    // Multiplying by the outcome instead of branching on it: half of those branches would be mispredicted.
    for (let step = 128; step > 0; step >>= 1) bin += step * Number(padded[bin + step - 1] < value);
    target[row] = bin;
  }
}

function binCategories(
  column: CategoryColumn,
  { binOf, count }: CategoryBins,
  start: number,
  target: Uint8Array,
): void {
  const binOfCode = Uint8Array.from(column.dictionary, (category) => binOf.get(category) ?? count);
  const { codes } = column;
  for (let row = 0; row < target.length; row++) {
    const code = codes[start + row];
    target[row] = code < 0 ? count : binOfCode[code];
  }
}
