import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import { trackingTables } from "./store.ts";
import type { Lifecycle } from "./types.ts";

export interface Column {
  readonly key: string;
  /** Whether runs differ in it: a column that is the same everywhere tells nothing. */
  readonly varies: boolean;
}

/** What runs of an experiment have been given and measured. */
export interface Columns {
  readonly metrics: readonly Column[];
  readonly params: readonly Column[];
  readonly tags: readonly Column[];
  /** Of how many runs, the newest, this was read. */
  readonly runs: number;
}

/** So many runs are looked at: reading the keys of all would cost more than the table itself. */
const most = 2000;

/** The keys that the newest 2000 runs of these experiments have, in alphabetical order. */
export async function listColumns(db: Database, experimentIds: readonly string[], lifecycle: Lifecycle): Promise<Columns> {
  const tables = trackingTables(db);
  const newest = await tables.selectFrom("runs").select("id").where("experiment_id", "in", experimentIds).where("lifecycle", "=", lifecycle).orderBy("started_at", "desc").orderBy("id").limit(most).execute();
  return columnsOfRuns(db, newest.map(({ id }) => id));
}

/** The keys that these runs have, in alphabetical order. */
export async function columnsOfRuns(db: Database, ids: readonly string[]): Promise<Columns> {
  const tables = trackingTables(db);
  const keys = async (table: "params" | "run_tags" | "latest_metrics"): Promise<Column[]> => {
    if (ids.length === 0) return [];
    const found = await tables
      .selectFrom(table)
      .select(["key", sql<number | string>`count(*)`.as("n"), sql<number | string>`count(distinct value)`.as("values")])
      .where("run_id", "in", ids)
      .groupBy("key")
      .orderBy("key")
      .execute();
    return found.map(({ key, n, values }) => ({ key, varies: Number(values) > 1 || (Number(values) === 1 && Number(n) < ids.length) }));
  };
  return { metrics: await keys("latest_metrics"), params: await keys("params"), tags: await keys("run_tags"), runs: ids.length };
}
