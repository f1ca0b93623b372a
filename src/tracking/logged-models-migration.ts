import type { Migration } from "../storage/migrations.ts";

/** Models that runs logged: what is known of each before anybody registers it. */
export const loggedModelsMigration: Migration = {
  name: "0004-logged-models",
  up: async ({ schema }) => {
    await schema
      .createTable("logged_models")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("experiment_id", "text", (column) => column.notNull().references("experiments.id"))
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("type", "text")
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("source_run_id", "text")
      .addColumn("artifact_uri", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .addColumn("deleted_at", "bigint")
      .execute();
    await schema.createIndex("logged_models_by_experiment").on("logged_models").columns(["experiment_id", "created_at"]).execute();
    await schema.createIndex("logged_models_by_run").on("logged_models").column("source_run_id").execute();
    for (const table of ["logged_model_params", "logged_model_tags"]) {
      await schema
        .createTable(table)
        .addColumn("model_id", "text", (column) => column.notNull().references("logged_models.id"))
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint(`${table}_key`, ["model_id", "key"])
        .execute();
    }
    await schema.createIndex("model_metrics_by_value").on("model_metrics").columns(["key", "value"]).execute();
  },
};
