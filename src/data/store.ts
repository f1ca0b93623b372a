import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";

export type DataTables = {
  dataset_versions: {
    id: string;
    dataset: string;
    created_at: number;
    rows: number;
    manifest: string;
    /** What `data.validate` found: profile blob, schema, anomalies, findings. */
    validation: string;
  };
}

export const dataTables = (db: Database) => db.withTables<DataTables>();

export const dataMigrations: readonly Migration[] = [
  {
    name: "0001-dataset-versions",
    up: async (db) => {
      await db.schema
        .createTable("dataset_versions")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("dataset", "text", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("rows", "bigint", (column) => column.notNull())
        .addColumn("manifest", "text", (column) => column.notNull())
        .addColumn("validation", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("dataset_versions_by_dataset").on("dataset_versions").columns(["dataset", "created_at"]).execute();
    },
  },
];
