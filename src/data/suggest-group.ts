import { idName, isYears } from "./leakage/useless-columns.ts";
import { groupUnits } from "./split.ts";
import type { Suggestion } from "./suggest.ts";
import type { Column, Table } from "./types.ts";

/** Names of those who several rows may be of. */
const subject = /(^|[_\W])(id|ids|uuid|subject|subj|patient|person|participant|individual|respondent|user|customer|client|student|pupil|hhid|subjid|pid|idnum|caseid)(_?(id|no|nr|num|number|code))?$|[a-z](Id|ID)$/i;
/** Names that a measure may bear as well: years at school, units of a house. */
const maybeSubject = /^(household|hh|family|school|machine|device|sensor|unit|animal|plot|stratum|prof|professor|teacher|(business|company|firm|restaurant|hospital)[_ ]?name)$/i;
/** Fewer than these cannot be held out without losing a tenth of the rows and more, and tomorrow's rows are of them, too. */
const fewestGroups = 10;
/** More than the years of schooling, or the steps of a scale. */
const fewestOfMaybe = 25;

/** Names of what counts on within one subject. */
const occasion = /(^|[_\W])(time|date|year|yr|day|days|week|weeks|month|months|wave|visit|period|occasion|round)$/i;

/**
 * The column that says which rows are of one subject (a person, a machine), so that they should be held out together: by its name, of text or whole
 * numbers, of which each comes twice or more on average; or by the shape of the table, where the rows of one value stand together and a year or time
 * goes forward within each (a panel). Nothing when there is no such column.
 */
export function suggestGroup(table: Table, target: string): Suggestion | undefined {
  const columns = table.columns.filter(({ name }) => name !== target);
  const named = columns.flatMap((column) => {
    const least = subject.test(column.name) ? fewestGroups : maybeSubject.test(column.name) ? fewestOfMaybe : undefined;
    const distinct = least === undefined ? 0 : unitsOf(column);
    return least !== undefined && distinct >= least && distinct <= table.rows / 1.5 ? [{ column, distinct }] : [];
  });
  // Of pupils and schools, schools: who is held out by the larger group is held out by the smaller, too.
  const [widest] = named.sort((one, other) => one.distinct - other.distinct);
  if (widest) return { column: widest.column.name, reason: `"${widest.column.name}" has ${widest.distinct} values in ${table.rows} rows; ${heldOut}` };
  return panel(columns, table.rows);
}

const heldOut = "rows of one are held out together, so that the model is judged by others than it knows";

/** A column of identifiers where the rows are held out by time: it says who a row is of, and later rows are of others, too. */
export function subjectsBesideTime(table: Table, target: string): string | undefined {
  const found = table.columns.find((column) => column.name !== target && idName.test(column.name) && unitsOf(column) > 100);
  return found?.name;
}

/** How many there are; 0 where numbers are no names. */
function unitsOf(column: Column): number {
  if (column.type === "number" && !column.values.every((value) => Number.isNaN(value) || Number.isInteger(value))) return 0;
  return groupUnits(column).reduce((count, first, row) => count + (first === row ? 1 : 0), 0);
}

function panel(columns: readonly Column[], rows: number): Suggestion | undefined {
  const times = columns.flatMap((column) => (column.type === "number" && (isYears(column) || occasion.test(column.name)) ? [column] : []));
  for (const time of times) {
    for (const column of columns) {
      if (times.some((other) => other === column)) continue;
      const distinct = unitsOf(column);
      if (distinct < fewestGroups || distinct > rows / 2) continue;
      const units = groupUnits(column);
      const steps = [...units.keys()].slice(1);
      const blocks = 1 + steps.filter((row) => units[row] !== units[row - 1]).length;
      if (blocks !== distinct || !steps.every((row) => units[row] !== units[row - 1] || time.values[row] > time.values[row - 1])) continue;
      return { column: column.name, reason: `"${column.name}" has ${distinct} values, each with a block of rows in which ${time.name} goes forward; ${heldOut}` };
    }
  }
  return undefined;
}
