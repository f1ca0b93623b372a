import type { OrderByExpression, SqlBool, Expression } from "kysely";
import type { Database } from "../storage/database.ts";
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

/** Ids of runs of these experiments. */
export async function searchRuns(db: Database, experimentIds: readonly string[], search: Search): Promise<string[]> {
  let query = trackingTables(db).selectFrom("runs").select("runs.id").where("runs.experiment_id", "in", experimentIds);
  if (search.lifecycle !== undefined) query = query.where("runs.lifecycle", "=", search.lifecycle);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TrackingTables, "runs", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("runs.id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}

/** Ids of experiments. */
export async function searchExperiments(db: Database, search: Search): Promise<string[]> {
  let query = trackingTables(db).selectFrom("experiments").select("experiments.id");
  if (search.lifecycle !== undefined) query = query.where("experiments.lifecycle", "=", search.lifecycle);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TrackingTables, "experiments", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("experiments.id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}
