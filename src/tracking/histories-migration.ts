import { sql, type Kysely } from "kysely";
import { clustered, counted } from "../storage/dialect.ts";
import type { Migration } from "../storage/migrations.ts";

/**
 * Experiments with ids, tags and a lifecycle; runs with a lifecycle; metric histories in a narrow table (a series' number instead of run
 * and key in each point); files that belong to runs and to what else has an id; datasets and models as inputs and outputs of runs.
 */
export const historiesMigration: Migration = {
  name: "0002-histories",
  up: async (untyped) => {
    const db = untyped as Kysely<MigrationTables>;
    await db.schema.alterTable("experiments").addColumn("artifact_location", "text", (column) => column.notNull().defaultTo("")).execute();
    await db.schema.alterTable("experiments").addColumn("lifecycle", "text", (column) => column.notNull().defaultTo("active")).execute();
    await db.schema.alterTable("experiments").addColumn("updated_at", "bigint", (column) => column.notNull().defaultTo(0)).execute();
    await db.schema.alterTable("runs").addColumn("lifecycle", "text", (column) => column.notNull().defaultTo("active")).execute();
    await db.schema.alterTable("runs").addColumn("deleted_at", "bigint").execute();
    await db.schema.alterTable("runs").addColumn("user_id", "text", (column) => column.notNull().defaultTo("")).execute();
    await db.schema.alterTable("runs").addColumn("artifact_uri", "text", (column) => column.notNull().defaultTo("")).execute();
    await db.schema.alterTable("latest_metrics").addColumn("kind", "smallint", (column) => column.notNull().defaultTo(0)).execute();
    await db.schema.createIndex("latest_metrics_by_value").on("latest_metrics").columns(["key", "value"]).execute();
    await numberExperiments(db);
    await sql`update runs set artifact_uri = 'mlflow-artifacts:/' || experiment_id || '/' || id || '/artifacts'`.execute(db);

    await db.schema
      .createTable("experiment_tags")
      .addColumn("experiment_id", "text", (column) => column.notNull().references("experiments.id"))
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("value", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("experiment_tags_key", ["experiment_id", "key"])
      .execute();
    await narrowMetrics(db, untyped);
    await db.schema
      .createTable("model_metrics")
      .addColumn("model_id", "text", (column) => column.notNull())
      .addColumn("run_id", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("step", "bigint", (column) => column.notNull())
      .addColumn("time", "bigint", (column) => column.notNull())
      .addColumn("value", "double precision", (column) => column.notNull())
      .addColumn("kind", "smallint", (column) => column.notNull())
      .addColumn("dataset_name", "text", (column) => column.notNull())
      .addColumn("dataset_digest", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("model_metrics_key", ["model_id", "key", "dataset_name", "dataset_digest", "run_id", "step", "time", "value", "kind"])
      .execute();
    await db.schema
      .createTable("files")
      .addColumn("owner", "text", (column) => column.notNull())
      .addColumn("path", "text", (column) => column.notNull())
      .addColumn("sha256", "text", (column) => column.notNull())
      .addColumn("size", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("files_key", ["owner", "path"])
      .execute();
    await sql`insert into files (owner, path, sha256, size) select run_id, path, sha256, size from artifacts`.execute(db);
    await db.schema.dropTable("artifacts").execute();
    await addInputs(db);
  },
};

interface MigrationTables {
  experiments: { id: string; name: string; created_at: number; artifact_location: string; updated_at: number };
  runs: { id: string; experiment_id: string };
}

/** Experiments had their name as id; now they get numbers, as clients of MLflow expect, "0" being the one called Default. */
async function numberExperiments(db: Kysely<MigrationTables>): Promise<void> {
  let last = 0;
  for (const row of await db.selectFrom("experiments").select(["id", "name", "created_at"]).orderBy("created_at").orderBy("id").execute()) {
    const id = row.name === "Default" ? "0" : String(++last);
    await db.updateTable("experiments").set({ name: `${row.name} (being numbered)` }).where("id", "=", row.id).execute();
    await db
      .insertInto("experiments")
      .values({ id: `#${id}`, name: row.name, created_at: row.created_at, updated_at: row.created_at, artifact_location: `mlflow-artifacts:/${id}` })
      .execute();
    await db.updateTable("runs").set({ experiment_id: `#${id}` }).where("experiment_id", "=", row.id).execute();
    await db.deleteFrom("experiments").where("id", "=", row.id).execute();
  }
  // Under a mark until no name is an id any more: an experiment may well have been called "2".
  for (const row of await db.selectFrom("experiments").selectAll().execute()) {
    await db.insertInto("experiments").values({ ...row, id: row.id.slice(1), name: `${row.name} (being numbered)` }).execute();
    await db.updateTable("runs").set({ experiment_id: row.id.slice(1) }).where("experiment_id", "=", row.id).execute();
    await db.deleteFrom("experiments").where("id", "=", row.id).execute();
    await db.updateTable("experiments").set({ name: row.name }).where("id", "=", row.id.slice(1)).execute();
  }
}

async function narrowMetrics(db: Kysely<MigrationTables>, untyped: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("metric_series")
    .addColumn("id", "integer", counted(untyped))
    .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
    .addColumn("key", "text", (column) => column.notNull())
    .addUniqueConstraint("metric_series_key", ["run_id", "key"])
    .execute();
  const points = db.schema
    .createTable("metric_points")
    .addColumn("series_id", "integer", (column) => column.notNull())
    .addColumn("step", "bigint", (column) => column.notNull())
    .addColumn("time", "bigint", (column) => column.notNull())
    .addColumn("value", "double precision", (column) => column.notNull())
    .addColumn("kind", "smallint", (column) => column.notNull())
    .addPrimaryKeyConstraint("metric_points_key", ["series_id", "step", "time", "value", "kind"]);
  await clustered(untyped, points).execute();
  await sql`insert into metric_series (run_id, key) select distinct run_id, key from metrics`.execute(db);
  await sql`insert into metric_points (series_id, step, time, value, kind)
    select metric_series.id, metrics.step, metrics.time, metrics.value, 0 from metrics
    join metric_series on metric_series.run_id = metrics.run_id and metric_series.key = metrics.key`.execute(db);
  await db.schema.dropTable("metrics").execute();
}

async function addInputs(db: Kysely<MigrationTables>): Promise<void> {
  await db.schema
    .createTable("logged_datasets")
    .addColumn("experiment_id", "text", (column) => column.notNull().references("experiments.id"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("digest", "text", (column) => column.notNull())
    .addColumn("source_type", "text", (column) => column.notNull())
    .addColumn("source", "text", (column) => column.notNull())
    .addColumn("schema", "text")
    .addColumn("profile", "text")
    .addPrimaryKeyConstraint("logged_datasets_key", ["experiment_id", "name", "digest"])
    .execute();
  await db.schema
    .createTable("run_datasets")
    .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("digest", "text", (column) => column.notNull())
    .addColumn("context", "text")
    .addColumn("tags", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("run_datasets_key", ["run_id", "name", "digest"])
    .execute();
  await db.schema
    .createTable("run_models")
    .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
    .addColumn("direction", "text", (column) => column.notNull())
    .addColumn("model_id", "text", (column) => column.notNull())
    .addColumn("step", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("run_models_key", ["run_id", "direction", "model_id"])
    .execute();
}
