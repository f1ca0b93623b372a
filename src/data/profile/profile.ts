import { columnNotFound } from "../column-names.ts";
import type { CategoryColumn, DatasetColumn, Table } from "../types.ts";
import { countDuplicates } from "./duplicate-rows.ts";
import { summarise } from "./number-statistics.ts";
import type { CategoryProfile, ColumnProfile, Profile, ValueCount } from "./profile-types.ts";
import { targetAssociations } from "./target-association.ts";

/** TFDV's limit for a string domain. */
const fullList = 100;
const topList = 20;

/** A table whose columns are those of the dataset, in their order. */
export interface ProfiledTable {
  readonly table: Table;
  readonly columns: readonly DatasetColumn[];
}

/** What a profile says of more than one column at a time. */
export type Comparisons = Pick<Profile, "rows" | "duplicates" | "target">;

/** Compares the rows with each other, and every column with the target. @throws `data.column_not_found` (the target) */
export function compareAll(table: Table, target?: string): Comparisons {
  const found = table.columns.find(({ name }) => name === target);
  if (target !== undefined && found === undefined) throw columnNotFound(target, table.columns.map(({ name }) => name), "target");
  return { rows: table.rows, duplicates: countDuplicates(table), ...(found && { target: { column: found.name, associations: targetAssociations(table.columns, found) } }) };
}

/** The exact statistics of a table. */
export const joinProfile = (columns: readonly ColumnProfile[], { rows, duplicates, target }: Comparisons): Profile => ({ rows, duplicates, columns, ...(target && { target }) });

/** Each column by itself. */
export const columnProfiles = ({ table, columns }: ProfiledTable): ColumnProfile[] =>
  table.columns.map((column, index) => {
    const { name, type, stored } = columns[index];
    if (column.type === "category") return categoryProfile(column, columns[index], table.rows);
    const { count, ...summary } = summarise(column.values);
    return { name, type: type === "timestamp" ? "timestamp" : "number", stored, count, missing: table.rows - count, ...summary } satisfies ColumnProfile;
  });

function categoryProfile({ codes, dictionary }: CategoryColumn, { name, stored }: DatasetColumn, rows: number): CategoryProfile {
  const counts = new Float64Array(dictionary.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const seen: ValueCount[] = dictionary.flatMap((value, code) => (counts[code] > 0 ? [{ value, count: counts[code] }] : []));
  const count = seen.reduce((sum, one) => sum + one.count, 0);
  const letters = seen.reduce((sum, one) => sum + one.count * Array.from(one.value).length, 0);
  const values = seen.toSorted((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1)).slice(0, seen.length <= fullList ? fullList : topList);
  return { name, type: "category", stored, count, missing: rows - count, distinct: seen.length, values, averageLength: count === 0 ? 0 : letters / count };
}
