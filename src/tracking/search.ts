import { sql, type Expression, type OrderByExpression, type SqlBool } from "kysely";
import type { Database } from "../storage/database.ts";
import type { WalkedFilter } from "./filter/run-filter.ts";
import { trackingTables, type TrackingTables } from "./store.ts";
import type { Lifecycle } from "./types.ts";

/** What to find, as SQL over `runs` (or `experiments`): conditions and orders are expressions of the query builder. */
export interface Search {
  /** Undefined finds both. */
  readonly lifecycle: Lifecycle | undefined;
  readonly where?: Expression<SqlBool> | undefined;
  /** Applied in turn; an order that ties ends with the id. */
  readonly orders: readonly { readonly by: Expression<unknown>; readonly ascending: boolean }[];
  readonly offset: number;
  readonly limit: number;
}

export interface RunSearch extends Search {
  /** The metric whose latest value is all that the orders sort by, besides age: its index then gives the first pages without sorting the rest. */
  readonly byMetric?: { readonly key: string; readonly ascending: boolean; readonly filter: WalkedFilter | undefined } | undefined;
}

/** Ids of runs of these experiments. */
export async function searchRuns(db: Database, experimentIds: readonly string[], search: RunSearch): Promise<string[]> {
  const { byMetric } = search;
  if (byMetric && search.offset + search.limit <= shallow && (await findsMany(db, byMetric.filter))) {
    const first = await firstByMetric(db, experimentIds, search, byMetric);
    // Fewer than asked for: then come the runs without the metric, which only the whole order knows.
    if (first.length === search.limit) return first;
  }
  let query = trackingTables(db).selectFrom("runs").select("runs.id").where("runs.experiment_id", "in", experimentIds);
  if (search.lifecycle !== undefined) query = query.where("runs.lifecycle", "=", search.lifecycle);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TrackingTables, "runs", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("runs.id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}

/** Up to here a page by a metric is read from the index over its values. */
const shallow = 2000;

/** Whether so many runs are found that walking down the index meets enough of them soon; a few are sorted faster. */
async function findsMany(db: Database, filter: WalkedFilter | undefined): Promise<boolean> {
  for (const bound of filter?.bounds ?? []) {
    const { rows } = await sql<{ n: number }>`select count(*) as n from (${bound} limit ${shallow + 1}) as bound`.execute(db);
    if (Number(rows[0].n) <= shallow) return false;
  }
  return true;
}

/** A page in the order of a metric, of the runs that have it and it is a number. */
async function firstByMetric(db: Database, experimentIds: readonly string[], search: RunSearch, { key, ascending, filter }: NonNullable<RunSearch["byMetric"]>): Promise<string[]> {
  let query = trackingTables(db)
    .selectFrom("latest_metrics")
    .innerJoin("runs", "runs.id", "latest_metrics.run_id")
    .select("runs.id")
    .where("latest_metrics.key", "=", key)
    .where("latest_metrics.kind", "<>", 2)
    // Said so that SQLite begins with the index over values and not with the runs: an expression keeps their own index out of it.
    .where(sql<SqlBool>`runs.experiment_id || '' in (${sql.join(experimentIds)})`)
    .orderBy("latest_metrics.value", ascending ? "asc" : "desc")
    .orderBy("runs.started_at", "desc")
    .orderBy("runs.id");
  if (search.lifecycle !== undefined) query = query.where(sql<SqlBool>`runs.lifecycle || '' = ${search.lifecycle}`);
  if (filter) query = query.where(filter.condition);
  return (await query.limit(search.limit).offset(search.offset).execute()).map(({ id }) => id);
}

/** Ids of experiments. */
export async function searchExperiments(db: Database, search: Search): Promise<string[]> {
  let query = trackingTables(db).selectFrom("experiments").select("experiments.id");
  if (search.lifecycle !== undefined) query = query.where("experiments.lifecycle", "=", search.lifecycle);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TrackingTables, "experiments", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("experiments.id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}
