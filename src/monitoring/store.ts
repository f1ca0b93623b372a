import { sql } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";

export type MonitoringTables = {
  monitors: { endpoint: string; config: string; created_at: number };
  /** The profile live data is compared with, per model version. */
  reference_profiles: { endpoint: string; version: number; profile: string };
  /**
   * The sender's newest word for each row. `event_time` is that of the prediction that it is of (`label-match.ts` says what other numbers mean); null while
   * nobody has looked for it.
   */
  labels: { endpoint: string; request_id: string; row_index: number; value: string; observed_at: number; arrived_at: number; event_time: number | null };
  /** Words that a newer one of the sender has replaced, or that came after it: what was known at an earlier time, and for auditors. */
  superseded_labels: { endpoint: string; request_id: string; row_index: number; value: string; observed_at: number; arrived_at: number };
  /** Minutes of event time in which something came that a computed window may lack (`windows/touched.ts`). */
  touched_minutes: { endpoint: string; minute: number; cause: string; due_hour: number; first_due: number; last_due: number; n: number; mark: number };
  /** What became of a window after it was computed first: `before`, `after` and `why` are JSON. */
  window_revisions: { endpoint: string; start: number; end: number; changed_at: number; before: string; after: string; why: string };
  error_windows: { endpoint: string; start: number; end: number; variant: string; version: number; predictions: number; sums: string };
  drift_reports: { endpoint: string; start: number; end: number; report: string };
}

export const monitoringTables = (db: Database) => db.withTables<MonitoringTables>();

export const monitoringMigrations: readonly Migration[] = [
  {
    name: "0001-monitors",
    up: async (db) => {
      await db.schema
        .createTable("monitors")
        .addColumn("endpoint", "text", (column) => column.primaryKey())
        .addColumn("config", "text", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("reference_profiles")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("profile", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("reference_profiles_key", ["endpoint", "version"])
        .execute();
      await db.schema
        .createTable("labels")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("request_id", "text", (column) => column.notNull())
        .addColumn("row_index", "integer", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addColumn("arrived_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("labels_key", ["endpoint", "request_id", "row_index"])
        .execute();
      await db.schema.createIndex("labels_arrived").on("labels").columns(["endpoint", "arrived_at"]).execute();
      await db.schema
        .createTable("error_windows")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("start", "bigint", (column) => column.notNull())
        .addColumn("end", "bigint", (column) => column.notNull())
        .addColumn("variant", "text", (column) => column.notNull())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("predictions", "integer", (column) => column.notNull())
        .addColumn("sums", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("error_windows_key", ["endpoint", "start", "variant", "version"])
        .execute();
      await db.schema
        .createTable("drift_reports")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("start", "bigint", (column) => column.notNull())
        .addColumn("end", "bigint", (column) => column.notNull())
        .addColumn("report", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("drift_reports_key", ["endpoint", "end"])
        .execute();
    },
  },
  {
    name: "0002-labels-of-predictions",
    up: async (db) => {
      await db.schema.alterTable("labels").addColumn("event_time", "bigint").execute();
    },
  },
  {
    name: "0003-windows-of-log-and-labels",
    up: async (db) => {
      await db.schema.alterTable("labels").addColumn("observed_at", "bigint").execute();
      await sql`update labels set observed_at = arrived_at`.execute(db);
      await db.schema.createIndex("labels_of").on("labels").columns(["endpoint", "event_time", "arrived_at"]).execute();
      await db.schema
        .createTable("superseded_labels")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("request_id", "text", (column) => column.notNull())
        .addColumn("row_index", "integer", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addColumn("observed_at", "bigint", (column) => column.notNull())
        .addColumn("arrived_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("superseded_labels_key", ["endpoint", "request_id", "row_index", "observed_at", "arrived_at", "value"])
        .execute();
      await db.schema
        .createTable("touched_minutes")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("minute", "bigint", (column) => column.notNull())
        .addColumn("cause", "text", (column) => column.notNull())
        .addColumn("due_hour", "bigint", (column) => column.notNull())
        .addColumn("first_due", "bigint", (column) => column.notNull())
        .addColumn("last_due", "bigint", (column) => column.notNull())
        .addColumn("n", "integer", (column) => column.notNull())
        .addColumn("mark", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("touched_minutes_key", ["endpoint", "minute", "cause", "due_hour"])
        .execute();
      await db.schema
        .createTable("window_revisions")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("start", "bigint", (column) => column.notNull())
        .addColumn("end", "bigint", (column) => column.notNull())
        .addColumn("changed_at", "bigint", (column) => column.notNull())
        .addColumn("before", "text", (column) => column.notNull())
        .addColumn("after", "text", (column) => column.notNull())
        .addColumn("why", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("window_revisions_key", ["endpoint", "start", "changed_at"])
        .execute();
    },
  },
];
