import type { LeakageFinding } from "./leakage-types.ts";
import { distinctNumbers } from "../profile/sort-numbers.ts";
import type { CategoryColumn, Column, NumberColumn } from "../types.ts";

/** Fewer rows than this prove nothing about uniqueness. */
const fewestRows = 20;

export function emptyFinding(column: Column, rows: number): LeakageFinding | undefined {
  const empty = column.type === "number" ? column.values.every(Number.isNaN) : column.codes.every((code) => code === -1);
  if (!empty) return undefined;
  return { kind: "empty", columns: [column.name], evidence: `${column.name} has no value in any of ${rows} rows.`, statistic: 1 };
}

/** One value and nothing missing; with missing values, whether there is a value may still say something. */
export function constantFinding(column: Column, rows: number): LeakageFinding | undefined {
  const raw = column.type === "number" ? column.values : column.codes;
  const first = raw[0];
  if (Number.isNaN(first) || rows < 2 || !raw.every((value) => value === first)) return undefined;
  const shown = column.type === "number" ? String(first) : JSON.stringify(column.dictionary[first]);
  return { kind: "constant", columns: [column.name], evidence: `${column.name} is ${shown} in all ${rows} rows.`, statistic: 1 };
}

/**
 * Text that is different in at least 90 % of the rows that have it; or whole numbers, different in every row, that either fill at least half
 * of their range (they count rows) or bear an identifier's name; or whole numbers called id, of which few come twice; or an index that begins again
 * with every block of rows.
 */
export function identifierFinding(column: Column, rows: number): LeakageFinding | undefined {
  if (rows < fewestRows) return undefined;
  const { name } = column;
  if (column.type === "category") {
    const { present, distinct } = countCodes(column);
    const share = distinct / present;
    if (present < fewestRows || share < 0.9) return undefined;
    const evidence = `${name} has ${distinct} different texts in ${present} rows, so it names rows instead of describing them.`;
    return { kind: "identifier", columns: [name], evidence, statistic: share };
  }
  const { values } = column;
  if (!values.every(Number.isInteger) || isYears(column)) return undefined;
  const distinct = distinctNumbers(values);
  if (distinct < rows) return repeatedIdentifier(column, distinct);
  const [min, max] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  if (max - min + 1 <= 2 * rows) {
    const evidence = `${name} counts rows: ${rows} different whole numbers from ${min} to ${max}, one per row.`;
    return { kind: "identifier", columns: [name], evidence, statistic: rows / (max - min + 1) };
  }
  if (!rowName.test(name)) return undefined;
  return { kind: "identifier", columns: [name], evidence: `${name} is a different whole number in each of ${rows} rows.`, statistic: 1 };
}

/** How many rows have a category, and how many categories there are among them. */
export function countCodes({ codes, dictionary }: CategoryColumn): { present: number; distinct: number } {
  const met = new Uint8Array(dictionary.length);
  let [present, distinct] = [0, 0];
  for (const code of codes) {
    if (code < 0) continue;
    present++;
    if (met[code] === 0) distinct += met[code] = 1;
  }
  return { present, distinct };
}

/** Identifiers of which a few come twice, and counters that begin again. */
function repeatedIdentifier({ name, values }: NumberColumn, distinct: number): LeakageFinding | undefined {
  const rows = values.length;
  if (idName.test(name) && distinct * 1.5 >= rows) {
    return { kind: "identifier", columns: [name], evidence: `${name} has ${distinct} different whole numbers in ${rows} rows, so it names rows instead of describing them.`, statistic: distinct / rows };
  }
  if (!rowName.test(name)) return undefined;
  const first = values[0];
  const blocks = values.reduce((count, value) => count + (value === first ? 1 : 0), 0);
  const counts = values.every((value, row) => row === 0 || value === values[row - 1] + 1 || value === first);
  if (!counts || blocks * 5 > rows || (first !== 0 && first !== 1)) return undefined;
  return { kind: "identifier", columns: [name], evidence: `${name} counts the rows of each of ${blocks} blocks from ${first}.`, statistic: 1 };
}

/** Names that nothing but an identifier bears. */
export const idName = /(^|[_\W])(id|ids|uuid|guid|caseid|pid|unitid|idno|idnum|idnumber)$|[a-z]I[dD]$|^ID$/i;

/** Names of identifiers, and what pandas and R call the names of rows. */
const rowName = /(^|[_\W])(id|ids|uuid|guid|key|index|idx|number|num|nr|no|serial|caseid|case|seq|code|cod|district|obs|rownames?|pidnum|pid)$|[a-z]I[dD]$|^unnamed: ?\d+$|^__index_level_\d+__$|^(x|column0)$/i;

/** Whole numbers (as 1959.0, too) that are years by their name and size. */
export const isYears = ({ name, values }: NumberColumn): boolean => /(^|[_\W\d])(years?|yr|jahr|anno|season)([_\W\d]|$)|[a-z]Year/i.test(name) && values.every((value) => Number.isNaN(value) || (Number.isInteger(value) && value >= 1500 && value <= 2200));

/** A column that repeats one of `earlier` value for value. */
export function duplicateFinding(column: Column, earlier: readonly Column[], rows: number): LeakageFinding | undefined {
  const twin = earlier.find((other) => sameValues(column, other));
  if (twin === undefined) return undefined;
  const evidence = `${column.name} equals ${twin.name} in all ${rows} rows, so it adds nothing.`;
  return { kind: "duplicate", columns: [column.name], evidence, statistic: 1 };
}

/** Equal in every row, missing where the other is missing. */
export function sameValues(one: Column, other: Column): boolean {
  if (one.type === "number" && other.type === "number") {
    return one.values.every((value, row) => Object.is(value, other.values[row]) || value === other.values[row]);
  }
  if (one.type === "category" && other.type === "category") {
    return one.codes.every((code, row) => one.dictionary[code] === other.dictionary[other.codes[row]]);
  }
  return false;
}
