import { invalid } from "../../../errors.ts";

/** A table may always have as many cells as this, and more where so many of them were sent that it is this times as large at most. */
const fewCells = 1_000_000;
const mostPerValue = 16;

/**
 * The columns of rows that came as objects. Refuses rows that have so little in common that the table of them would be much larger than what was sent.
 */
export function columnNames(rows: readonly Readonly<Record<string, unknown>>[]): ReadonlySet<string> {
  const names = new Set<string>();
  let values = 0;
  for (const row of rows) {
    for (const name of Object.keys(row)) {
      names.add(name);
      values++;
    }
  }
  if (names.size * rows.length > fewCells + mostPerValue * values) {
    throw invalid("serving.bad_request", `The ${rows.length} rows have ${names.size} columns between them and only ${values} values; give all rows the same columns.`);
  }
  return names;
}
