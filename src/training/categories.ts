import type { CategoryColumn } from "../data/types.ts";

/**
 * The categories of a column with their counts, the most frequent first and equal counts by name. "" counts as missing.
 */
export function categoriesByCount({ codes, dictionary }: CategoryColumn): [category: string, count: number][] {
  const perCode = new Float64Array(dictionary.length);
  for (let row = 0; row < codes.length; row++) if (codes[row] >= 0) perCode[codes[row]]++;
  const counts = new Map<string, number>();
  for (let code = 0; code < dictionary.length; code++) {
    if (perCode[code] > 0 && dictionary[code] !== "")
      counts.set(dictionary[code], (counts.get(dictionary[code]) ?? 0) + perCode[code]);
  }
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
}
