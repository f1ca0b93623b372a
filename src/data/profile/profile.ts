import { columnNotFound } from "../column-names.ts";
import type { CategoryColumn, DatasetColumn, Table } from "../types.ts";
import { countDuplicates } from "./duplicate-rows.ts";
import { summarise } from "./number-statistics.ts";
import type { CategoryProfile, ColumnProfile, Profile, ValueCount } from "./profile-types.ts";
import { targetAssociations } from "./target-association.ts";

/** TFDV's limit for a string domain. */
const fullList = 100;
const topList = 20;

/**
 * Exact statistics of a table, whose columns are those of the dataset. With a `target`, the association of every other column with it.
 *
 * @throws `data.column_not_found` (the target)
 */
export function profileOf(table: Table, columns: readonly DatasetColumn[], target?: string): Profile {
  const profile: Profile = {
    rows: table.rows,
    duplicates: countDuplicates(table),
    columns: table.columns.map((column, index) => {
      const { name, type, stored } = columns[index];
      if (column.type === "category") return categoryProfile(column, columns[index], table.rows);
      const { count, ...summary } = summarise(column.values);
      return { name, type: type === "timestamp" ? "timestamp" : "number", stored, count, missing: table.rows - count, ...summary } satisfies ColumnProfile;
    }),
  };
  if (target === undefined) return profile;
  const found = table.columns.find(({ name }) => name === target);
  if (found === undefined) throw columnNotFound(target, table.columns.map(({ name }) => name), "target");
  return { ...profile, target: { column: target, associations: targetAssociations(table.columns, found) } };
}

function categoryProfile({ codes, dictionary }: CategoryColumn, { name, stored }: DatasetColumn, rows: number): CategoryProfile {
  const counts = new Float64Array(dictionary.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const seen: ValueCount[] = dictionary.flatMap((value, code) => (counts[code] > 0 ? [{ value, count: counts[code] }] : []));
  const count = seen.reduce((sum, one) => sum + one.count, 0);
  const letters = seen.reduce((sum, one) => sum + one.count * Array.from(one.value).length, 0);
  const values = seen.toSorted((one, other) => other.count - one.count || (one.value < other.value ? -1 : 1)).slice(0, seen.length <= fullList ? fullList : topList);
  return { name, type: "category", stored, count, missing: rows - count, distinct: seen.length, values, averageLength: count === 0 ? 0 : letters / count };
}
