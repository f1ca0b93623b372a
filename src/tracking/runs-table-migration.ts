import { sql } from "kysely";
import type { Migration } from "../storage/migrations.ts";

/** Indexes for the table of runs: counting and paging by age without reading a run, and who is whose child. */
export const runsTableMigration: Migration = {
  name: "0005-runs-table",
  up: async (db) => {
    await db.schema.createIndex("runs_by_age").on("runs").columns(["experiment_id", "lifecycle", "started_at", "id"]).execute();
    await sql`create index run_parents on run_tags (value, run_id) where key = 'mlflow.parentRunId'`.execute(db);
  },
};
