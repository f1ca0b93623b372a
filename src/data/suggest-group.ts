import { groupUnits } from "./split.ts";
import type { Suggestion } from "./suggest.ts";
import type { Table } from "./types.ts";

/** Names of what several rows may be of. */
const subject = /(^|[_\W])(id|ids|uuid|subject|subj|patient|person|participant|respondent|user|customer|client|household|hhid|hh|family|school|pupil|student|machine|device|sensor|unit|animal|plot|subjid|pid|idnum|caseid)(_?(id|no|nr|num|number|code))?$|[a-z](Id|ID)$/i;

/**
 * The column that says which rows are of one subject (a person, a machine), so that they should be held out together: by its name, of text or whole
 * numbers, of which each comes twice or more on average. Nothing when there is no such column.
 */
export function suggestGroup(table: Table, target: string): Suggestion | undefined {
  for (const column of table.columns) {
    if (column.name === target || !subject.test(column.name)) continue;
    if (column.type === "number" && !column.values.every((value) => Number.isNaN(value) || Number.isInteger(value))) continue;
    const distinct = groupUnits(column).reduce((count, first, row) => count + (first === row ? 1 : 0), 0);
    // Of two or three values a number is a code of something else.
    if (distinct < 5 || distinct > table.rows / 1.5) continue;
    return { column: column.name, reason: `"${column.name}" has ${distinct} values in ${table.rows} rows; rows of one are held out together, so that the model is judged by others than it knows` };
  }
  return undefined;
}
