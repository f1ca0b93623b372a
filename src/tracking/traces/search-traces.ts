import { sql, type Expression, type OrderByExpression, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import type { Search } from "../search.ts";
import type { TrackingTables } from "../store.ts";
import { traceTables, type TraceTables } from "./trace-tables.ts";

/** Ids of traces of these experiments; conditions and orders are SQL over `traces`. */
export async function searchTraces(db: Database, experimentIds: readonly string[], search: Omit<Search, "lifecycle">): Promise<string[]> {
  if (experimentIds.length === 0) return [];
  let query = traceTables(db).selectFrom("traces").select("traces.id").where("traces.experiment_id", "in", experimentIds);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TraceTables, "traces", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("traces.id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}

/** The active experiment of the newest trace; null while there is none. */
export async function newestTraced(db: Database): Promise<string | null> {
  // By experiment, each of which its index answers: over all traces there is none by time.
  const newest = sql`(select max(traces.started_at) from traces where traces.experiment_id = experiments.id)`;
  const row = await db
    .withTables<TrackingTables>()
    .selectFrom("experiments")
    .select("id")
    .where("lifecycle", "=", "active")
    .where(sql<SqlBool>`${newest} is not null`)
    .orderBy(newest, "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** How many traces of an experiment a condition holds for. */
export async function countTraces(db: Database, experimentId: string, where: Expression<SqlBool> | undefined): Promise<number> {
  let query = traceTables(db).selectFrom("traces").select((of) => of.fn.countAll<number | string>().as("n")).where("traces.experiment_id", "=", experimentId);
  if (where) query = query.where(where);
  return Number((await query.executeTakeFirstOrThrow()).n);
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
