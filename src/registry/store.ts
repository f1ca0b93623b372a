import type { Generated } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";
import { aliasMovesMigration } from "./alias-moves-migration.ts";
import { registryMigration } from "./registry-migration.ts";
import type { VersionStage } from "./types.ts";
import { webhooksMigration } from "./webhooks/tables.ts";

export type RegistryTables = {
  /** `last_version` is the number given last, so that none is given twice; a name is unique among those that are not deleted. */
  registered_models: { id: Generated<number>; name: string; description: string | null; created_at: number; updated_at: number; deleted_at: number | null; last_version: number };
  registered_model_tags: { model_id: number; key: string; value: string };
  model_versions: {
    model_id: number;
    version: number;
    created_at: number;
    updated_at: number;
    created_by: string;
    deleted_at: number | null;
    description: string | null;
    stage: VersionStage;
    source: string;
    storage: string;
    run_id: string | null;
    run_link: string | null;
    logged_model_id: string | null;
    reason: string;
    /** From here on: of versions that this house trained. */
    pipeline_run_id: string | null;
    dataset_version: string | null;
    artifact_sha256: string | null;
    artifact_size: number | null;
    /** What is read and shown whole: algorithm, training, params, importances, signature, metrics, gate, environment. */
    document: string | null;
  };
  model_version_tags: { model_id: number; version: number; key: string; value: string };
  model_aliases: { model_id: number; alias: string; version: number; moved_at: number };
  /** Every step of every alias, in order; `version` is null when it was removed. */
  alias_moves: { id: Generated<number>; model_id: number; alias: string; kind: "moved" | "rolled_back" | "removed"; version: number | null; time: number; actor: string; reason: string };
  /** What a version must show before this alias may point at it: a JSON list of requirements. */
  alias_policies: { model_id: number; alias: string; requires: string };
  /** Who uses a version (`deployment`), so that it is neither deleted nor collected. */
  version_holds: { model_id: number; version: number; holder: string };
};

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
  registryMigration,
  aliasMovesMigration,
  webhooksMigration,
];
