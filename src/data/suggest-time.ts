import { isYears } from "./leakage/useless-columns.ts";
import type { Suggestion } from "./suggest.ts";
import type { DatasetColumn, Table } from "./types.ts";

/** Rows count as in order of time when Kendall's τ of the times and the rows' places is at least this, so that tables sorted by block and time are not. */
const nearlySorted = 0.9;
/** Of two years one is learnt from and the other held out, and nothing tells a change from chance. */
const fewestYears = 3;

/** Dates of a life, which do not say when a row was. */
export const birthName = /(^|[_\W\d])(birth\w*|born|dob|geb\w*|death|died|founded|established)([_\W\d]|$)|(birth|Birth)(Date|date|day|Day)/i;

/**
 * The column that tells when a row was: a date or timestamp column with at least two values and at most 5 % missing. Of several, the first
 * in whose order the rows (nearly) are, else the first. The order of the rows does not matter for a single one, because what splits by
 * time sorts by it. A whole-number column called timestamp, time or epoch that holds seconds or milliseconds since 1970 counts only if the
 * rows are in its order, the earliest or the latest first; otherwise it is a feature like any other. The same holds for three or more years in whole numbers. A date of birth is none. A date that is joined from columns
 * goes before one of them. Nothing when there is no such column.
 */
export function suggestTimeColumn(table: Table, columns: readonly DatasetColumn[]): Suggestion | undefined {
  const found = columns.flatMap((column) => {
    const read = table.columns.find(({ name }) => name === column.name);
    if (read?.type !== "number") return [];
    const { values } = read;
    // What a column is called and holds is asked first: its order takes a sort.
    if (column.type === "timestamp") return !birthName.test(column.name) && isEligible(values) ? [{ column, ordered: orderOf(values) }] : [];
    const tellsTime = isEpoch(column, values) || (!birthName.test(column.name) && isYears(read) && new Set(values).size >= fewestYears);
    if (!tellsTime || !isEligible(values)) return [];
    const ordered = orderOf(values);
    return ordered >= nearlySorted ? [{ column, ordered }] : [];
  });
  const best = found.find(({ column }) => column.joins !== undefined) ?? found.find(({ ordered }) => ordered >= nearlySorted) ?? found[0];
  if (best === undefined) return undefined;
  const order = best.ordered >= nearlySorted ? "and the rows are in its order" : "though the rows are not in its order";
  return { column: best.column.name, reason: `"${best.column.name}" holds ${best.column.type === "number" && !isEpochName.test(best.column.name) ? "years" : best.column.stored === "DATE" ? "dates" : "times"} ${order}` };
}

function isEligible(values: Float64Array): boolean {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.length >= 0.95 * values.length && present.some((value) => value !== present[0]);
}

/** How far the rows are in order, forwards or backwards: the size of Kendall's τ over the pairs of different values. */
function orderOf(values: Float64Array): number {
  const present = values.filter((value) => !Number.isNaN(value));
  const counts = new Map<number, number>();
  for (const value of present) counts.set(value, (counts.get(value) ?? 0) + 1);
  const all = (present.length * (present.length - 1)) / 2;
  const tied = [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
  return Math.abs(1 - (2 * inversions(present, new Float64Array(present.length), 0, present.length)) / (all - tied));
}

/** Pairs of which the later value is the smaller one, counted by merge sort. */
function inversions(values: Float64Array, spare: Float64Array, from: number, until: number): number {
  if (until - from < 2) return 0;
  const middle = (from + until) >> 1;
  let count = inversions(values, spare, from, middle) + inversions(values, spare, middle, until);
  for (let at = from, left = from, right = middle; at < until; at++) {
    if (right >= until || (left < middle && values[left] <= values[right])) spare[at] = values[left++];
    else {
      count += middle - left;
      spare[at] = values[right++];
    }
  }
  values.set(spare.subarray(from, until), from);
  return count;
}

const isEpochName = /(^|_)(timestamp|time|epoch|ts)$/i;

/** Seconds or milliseconds between 1990 and 2100. */
function isEpoch({ name, stored }: DatasetColumn, values: Float64Array): boolean {
  if (stored !== "BIGINT" || !isEpochName.test(name)) return false;
  const within = (unit: number): boolean => values.every((value) => Number.isNaN(value) || (value * unit > 631e9 && value * unit < 4102e9));
  return within(1) || within(1000);
}
