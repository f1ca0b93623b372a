import { typeOfCell } from "./cell-types.ts";
import type { CellReading } from "./cell-types.ts";
import type { CsvRecord } from "./csv-records.ts";

export interface HeaderDecision {
  readonly present: boolean;
  /** Why, in a sentence a user can check. */
  readonly reason: string;
}

/**
 * Decides whether the first record names the columns.
 *
 * A column speaks for a header when its first cell is text and all other cells are numbers, dates or booleans, and against one when its
 * first cell is such a value too (years over numbers of another size, as in `country,2019,2020`, are allowed as names). When no column
 * has values to tell text by, the first record is a header unless it could not be one (an empty or repeated cell) or one of its cells
 * comes again further down in the same column.
 */
export function decideHeader(records: readonly CsvRecord[], reading: CellReading): HeaderDecision {
  const [first, ...rest] = records;
  const cells = first.fields.map((cell) => cell.trim());
  const isMissing = (cell: string): boolean => reading.missing.includes(cell);
  const isText = (cell: string): boolean => typeOfCell(cell, reading.decimal) === "VARCHAR";
  let named = 0;
  let valued = 0;
  let example = "";
  for (const [index, cell] of cells.entries()) {
    if (isMissing(cell)) continue;
    const below = rest.map((record) => (record.fields[index] ?? "").trim()).filter((value) => !isMissing(value));
    const typed = below.length > 0 && below.every((value) => !isText(value));
    if (isText(cell)) {
      if (typed) {
        named += 1;
        if (named === 1) example = `"${cell}" stands over values such as ${below[0]}`;
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
  return decideAmongText(cells, rest, isMissing);
}

function decideAmongText(cells: string[], rest: CsvRecord[], isMissing: (cell: string) => boolean): HeaderDecision {
  if (cells.some(isMissing)) return { present: false, reason: "the first row has an empty cell and no column tells text from values" };
  const repeated = cells.find((cell, index) => cells.indexOf(cell) !== index);
  if (repeated !== undefined) return { present: false, reason: `the first row holds "${repeated}" twice, which is no set of names` };
  const recurring = cells.find((cell, index) => rest.some((record) => record.fields[index]?.trim() === cell));
  if (recurring !== undefined) {
    return { present: false, reason: `"${recurring}" of the first row comes again further down in its column, so it is a value` };
  }
  return { present: true, reason: "the first row is text that never comes again below" };
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
