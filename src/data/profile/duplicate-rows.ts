import type { Column, Table } from "../types.ts";

/**
 * For each row the first row that equals it in every one of `columns` (itself where none does before it); missing values equal each other. Compared
 * exactly; the hash only says where to look.
 */
export function firstOfEqualRows({ rows, columns }: Table): Int32Array {
  const hashes = rowHashes(rows, columns);
  let size = 16;
  while (size < rows * 2) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const first = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let slot = (hashes[row] ^ (hashes[row] >>> 15)) & (size - 1);
    while (slots[slot] >= 0 && !(hashes[slots[slot]] === hashes[row] && areEqual(columns, slots[slot], row))) slot = (slot + 1) & (size - 1);
    if (slots[slot] < 0) slots[slot] = row;
    first[row] = slots[slot];
  }
  return first;
}

/** Rows that equal an earlier one. */
export const countDuplicates = (table: Table): number => firstOfEqualRows(table).reduce((count, first, row) => count + (first === row ? 0 : 1), 0);

function rowHashes(rows: number, columns: readonly Column[]): Int32Array {
  const hashes = new Int32Array(rows).fill(0x811c9dc5 | 0);
  const bits = new Float64Array(1);
  const words = new Int32Array(bits.buffer);
  for (const column of columns) {
    for (let row = 0; row < rows; row++) {
      let hash = hashes[row];
      if (column.type === "category") hash = mix(hash ^ column.codes[row]);
      else {
        // One zero and one NaN.
        bits[0] = column.values[row] + 0;
        if (bits[0] !== bits[0]) bits[0] = NaN;
        hash = mix(hash ^ words[0] ^ Math.imul(words[1], 0x9e3779b1));
      }
      hashes[row] = hash;
    }
  }
  return hashes;
}

function mix(value: number): number {
  const hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
}

function areEqual(columns: readonly Column[], one: number, other: number): boolean {
  for (const column of columns) {
    if (column.type === "category") {
      if (column.codes[one] !== column.codes[other]) return false;
    } else {
      const [a, b] = [column.values[one], column.values[other]];
      if (a !== b && (a === a || b === b)) return false;
    }
  }
  return true;
}
