import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";

export type RegistryTables = {
  registered_models: { name: string; created_at: number };
  model_versions: {
    model: string;
    version: number;
    created_at: number;
    created_by: string;
    run_id: string;
    pipeline_run_id: string;
    dataset_version: string;
    artifact_sha256: string;
    artifact_size: number;
    /** What is read and shown whole: algorithm, params, importances, signature, metrics, gate, environment, trigger. */
    document: string;
  };
  model_aliases: { model: string; alias: string; version: number; moved_at: number };
}

export const registryTables = (db: Database) => db.withTables<RegistryTables>();

export const registryMigrations: readonly Migration[] = [
  {
    name: "0001-models",
    up: async (db) => {
      await db.schema
        .createTable("registered_models")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("model_versions")
        .addColumn("model", "text", (column) => column.notNull().references("registered_models.name"))
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("created_by", "text", (column) => column.notNull())
        .addColumn("run_id", "text", (column) => column.notNull())
        .addColumn("pipeline_run_id", "text", (column) => column.notNull())
        .addColumn("dataset_version", "text", (column) => column.notNull())
        .addColumn("artifact_sha256", "text", (column) => column.notNull())
        .addColumn("artifact_size", "bigint", (column) => column.notNull())
        .addColumn("document", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("model_versions_key", ["model", "version"])
        .addUniqueConstraint("model_versions_pipeline", ["model", "pipeline_run_id"])
        .execute();
      await db.schema
        .createTable("model_aliases")
        .addColumn("model", "text", (column) => column.notNull().references("registered_models.name"))
        .addColumn("alias", "text", (column) => column.notNull())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("moved_at", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("model_aliases_key", ["model", "alias"])
        .execute();
    },
  },
];
