import { sql, type Kysely } from "kysely";
import { counted } from "../storage/dialect.ts";
import type { Migration } from "../storage/migrations.ts";

/**
 * Models get a number of their own, so that they can be renamed, deleted and begun anew under the same name; versions may come from
 * clients; models and versions get descriptions, tags, stages and soft deletion; what is in use is held.
 */
export const registryMigration: Migration = {
  name: "0002-clients",
  up: async (db) => {
    const { schema } = db;
    for (const table of ["registered_models", "model_versions", "model_aliases"]) await schema.alterTable(table).renameTo(`${table}_1`).execute();
    await schema
      .createTable("registered_models")
      .addColumn("id", "integer", counted(db))
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("description", "text")
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .addColumn("deleted_at", "bigint")
      .addColumn("last_version", "integer", (column) => column.notNull())
      .execute();
    await schema.createIndex("registered_models_name").on("registered_models").column("name").unique().where(sql.ref("deleted_at"), "is", null).execute();
    await schema
      .createTable("model_versions")
      .addColumn("model_id", "integer", (column) => column.notNull().references("registered_models.id"))
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .addColumn("created_by", "text", (column) => column.notNull())
      .addColumn("deleted_at", "bigint")
      .addColumn("description", "text")
      .addColumn("stage", "text", (column) => column.notNull())
      .addColumn("source", "text", (column) => column.notNull())
      .addColumn("storage", "text", (column) => column.notNull())
      .addColumn("run_id", "text")
      .addColumn("run_link", "text")
      .addColumn("logged_model_id", "text")
      .addColumn("reason", "text", (column) => column.notNull())
      .addColumn("pipeline_run_id", "text")
      .addColumn("dataset_version", "text")
      .addColumn("artifact_sha256", "text")
      .addColumn("artifact_size", "bigint")
      .addColumn("document", "text")
      .addPrimaryKeyConstraint("model_versions_pk", ["model_id", "version"])
      .addUniqueConstraint("model_versions_pipeline_run", ["model_id", "pipeline_run_id"])
      .execute();
    await schema.createIndex("model_versions_by_run").on("model_versions").column("run_id").execute();
    await schema.createIndex("model_versions_by_logged_model").on("model_versions").column("logged_model_id").execute();
    await schema.createIndex("model_versions_by_update").on("model_versions").column("updated_at").execute();
    for (const [table, owner] of [["registered_model_tags", ["model_id"]], ["model_version_tags", ["model_id", "version"]]] as const) {
      let tags = schema.createTable(table).addColumn("model_id", "integer", (column) => column.notNull().references("registered_models.id"));
      if (owner.length === 2) tags = tags.addColumn("version", "integer", (column) => column.notNull());
      await tags
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint(`${table}_pk`, [...owner, "key"] as never[])
        .execute();
    }
    await schema
      .createTable("model_aliases")
      .addColumn("model_id", "integer", (column) => column.notNull().references("registered_models.id"))
      .addColumn("alias", "text", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("moved_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("model_aliases_pk", ["model_id", "alias"])
      .execute();
    await schema
      .createTable("alias_policies")
      .addColumn("model_id", "integer", (column) => column.notNull().references("registered_models.id"))
      .addColumn("alias", "text", (column) => column.notNull())
      .addColumn("requires", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("alias_policies_pk", ["model_id", "alias"])
      .execute();
    await schema
      .createTable("version_holds")
      .addColumn("model_id", "integer", (column) => column.notNull().references("registered_models.id"))
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("holder", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("version_holds_pk", ["model_id", "version", "holder"])
      .execute();
    await sql`insert into registered_models (name, created_at, updated_at, last_version)
      select name, created_at, coalesce((select max(v.created_at) from model_versions_1 v where v.model = name), created_at),
        coalesce((select max(v.version) from model_versions_1 v where v.model = name), 0)
      from registered_models_1 order by created_at, name`.execute(db);
    await sql`insert into model_versions
        (model_id, version, created_at, updated_at, created_by, stage, source, storage, run_id, reason, pipeline_run_id, dataset_version, artifact_sha256, artifact_size, document)
      select m.id, v.version, v.created_at, v.created_at, v.created_by, 'None', 'runs:/' || v.run_id || '/model.onnx', 'runs:/' || v.run_id || '/model.onnx', v.run_id, '',
        v.pipeline_run_id, v.dataset_version, v.artifact_sha256, v.artifact_size, v.document
      from model_versions_1 v join registered_models m on m.name = v.model`.execute(db);
    await sql`insert into model_aliases (model_id, alias, version, moved_at)
      select m.id, a.alias, a.version, a.moved_at from model_aliases_1 a join registered_models m on m.name = a.model`.execute(db);
    const versions = (db as Kysely<MigratedTables>).selectFrom("model_versions").select(["model_id", "version", "document"]);
    for (const { model_id, version, document } of await versions.execute()) {
      const { trigger } = JSON.parse(document) as { trigger: string };
      await sql`update model_versions set reason = ${trigger} where model_id = ${model_id} and version = ${version}`.execute(db);
    }
    for (const table of ["model_aliases", "model_versions", "registered_models"]) await schema.dropTable(`${table}_1`).execute();
  },
};

interface MigratedTables {
  model_versions: { model_id: number; version: number; document: string };
}
