import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";

export type MonitoringTables = {
  monitors: { endpoint: string; config: string; created_at: number };
  /** The profile live data is compared with, per model version. */
  reference_profiles: { endpoint: string; version: number; profile: string };
  /** `event_time` is that of the prediction that the label is of; null while none is known, −1 where several with other rows have its request id. */
  labels: { endpoint: string; request_id: string; row_index: number; value: string; arrived_at: number; event_time: number | null };
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
];
