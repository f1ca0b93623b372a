import { sql, type Expression, type OrderByExpression, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { Search } from "../search.ts";
import { traceTables, type TraceTables } from "./trace-tables.ts";

/** Ids of traces of these experiments; conditions and orders are SQL over `traces`. */
export async function searchTraces(db: Database, experimentIds: readonly string[], search: Omit<Search, "lifecycle">): Promise<string[]> {
  if (experimentIds.length === 0) return [];
  let query = traceTables(db).selectFrom("traces").select("traces.id").where("traces.experiment_id", "in", experimentIds);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TraceTables, "traces", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("traces.id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}

/** How many traces two conditions hold for: of all within `where`, each of them, both. */
export interface Together {
  readonly all: number;
  readonly first: number;
  readonly second: number;
  readonly both: number;
}

export async function countTogether(
  db: Database,
  experimentIds: readonly string[],
  conditions: { readonly where?: Expression<SqlBool> | undefined; readonly first: Expression<SqlBool>; readonly second: Expression<SqlBool> },
): Promise<Together> {
  const { where, first, second } = conditions;
  const count = (condition: Expression<SqlBool>) => sql<number | null>`sum(case when ${condition} then 1 else 0 end)`;
  let query = traceTables(db)
    .selectFrom("traces")
    .select((of) => of.fn.countAll<number>().as("all"))
    .select([count(first).as("first"), count(second).as("second"), count(sql<SqlBool>`(${first}) and (${second})`).as("both")])
    .where("traces.experiment_id", "in", experimentIds);
  if (where) query = query.where(where);
  const row = await query.executeTakeFirstOrThrow();
  return { all: Number(row.all), first: Number(row.first), second: Number(row.second), both: Number(row.both) };
}
