import { plainNumber } from "../../values/number-text.ts";
import { isMissing } from "../../values/reading.ts";
import { timeOfText } from "../../values/time-text.ts";
import type { CsvRecord } from "./csv-records.ts";

export interface HeaderDecision {
  readonly present: boolean;
  /** Why, in a sentence a user can check. */
  readonly reason: string;
}

/** A number (with a decimal comma, too), a point in time or a truth value. */
export function isValue(cell: string): boolean {
  if (plainNumber(cell) !== undefined || /^[+-]?\d{1,3}([.,' ]\d{3})*([.,]\d+)?\s*[%€$£]?$/.test(cell) || /^[+-]?\d+,\d+$/.test(cell) || /^(true|false)$/i.test(cell)) return true;
  return timeOfText(cell, { order: "dmy" }) !== undefined || timeOfText(cell, { order: "mdy" }) !== undefined;
}

const isMissingCell = (cell: string): boolean => isMissing(cell, { type: "number" });

/**
 * Decides whether the first record names the columns.
 *
 * A column speaks for a header when its first cell is text and all other cells are numbers, dates or booleans, and against one when its
 * first cell is such a value too (years over numbers of another size, as in `country,2019,2020`, are allowed as names, and so are several
 * different years beside texts). When no column has values to tell text by, the first record is a header unless it could not be one (an
 * empty or repeated cell) or one of its cells comes again further down in the same column.
 */
export function decideHeader(records: readonly CsvRecord[]): HeaderDecision {
  const [first, ...rest] = records;
  const cells = first.fields.map((cell) => cell.trim());
  if (areYears(cells)) return { present: true, reason: "the first row names the columns: texts and years" };
  let named = 0;
  let valued = 0;
  let example = "";
  for (const [index, cell] of cells.entries()) {
    if (isMissingCell(cell)) continue;
    const below = rest.map((record) => (record.fields[index] ?? "").trim()).filter((value) => !isMissingCell(value));
    const values = below.filter(isValue).length;
    // A few odd words among numbers say nothing against the name above them.
    const typed = below.length > 0 && values >= 0.9 * below.length;
    if (!isValue(cell)) {
      if (typed) {
        named += 1;
        if (named === 1) example = `"${cell}" stands over values such as ${below.find(isValue)}`;
      }
    } else if (!isYearOver(cell, below)) {
      valued += 1;
    }
  }
  if (valued > 0 && valued >= named) {
    const all = valued === cells.length ? "all" : String(valued);
    return { present: false, reason: `the first row holds data: ${all} of its ${cells.length} cells are numbers, dates or booleans` };
  }
  if (named > 0) return { present: true, reason: `the first row names the columns: ${example}` };
  return decideAmongText(cells, rest);
}

function decideAmongText(cells: string[], rest: CsvRecord[]): HeaderDecision {
  if (cells.some(isMissingCell)) return { present: false, reason: "the first row has an empty cell and no column tells text from values" };
  const repeated = cells.find((cell, index) => cells.indexOf(cell) !== index);
  if (repeated !== undefined) return { present: false, reason: `the first row holds "${repeated}" twice, which is no set of names` };
  const recurring = cells.find((cell, index) => rest.some((record) => record.fields[index]?.trim() === cell));
  if (recurring !== undefined) {
    return { present: false, reason: `"${recurring}" of the first row comes again further down in its column, so it is a value` };
  }
  return { present: true, reason: "the first row is text that never comes again below" };
}

const isYear = (cell: string): boolean => /^(1[5-9]|20|21)\d\d$/.test(cell);

/** Texts and at least two years, each year once. */
function areYears(cells: readonly string[]): boolean {
  const years = cells.filter(isYear);
  return years.length >= 2 && new Set(years).size === years.length && years.length < cells.length && cells.every((cell) => isYear(cell) || !isValue(cell));
}

function isYearOver(cell: string, below: string[]): boolean {
  if (!/^(19|20)\d\d$/.test(cell)) return false;
  const values = below.map(Number).filter(Number.isFinite);
  const year = Number(cell);
  return values.length > 0 && !(Math.min(...values) <= year && year <= Math.max(...values));
}

/**
 * Column names from a header's cells: trimmed; an empty one is called after its place (`column0` is the first, as DuckDB counts); a
 * repeated one gets `_1`, `_2` … Names that differ in case only count as repeated, because SQL does not tell them apart.
 */
export function columnNames(cells: readonly string[]): string[] {
  const taken = new Set<string>();
  return cells.map((cell, index) => {
    const base = cell.trim() === "" ? `column${index}` : cell.trim();
    let name = base;
    for (let count = 1; taken.has(name.toLowerCase()); count += 1) name = `${base}_${count}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
