import { sql } from "kysely";
import type { Migration } from "../../storage/migrations.ts";

/**
 * Traces, their tags and metadata, spans with what hangs on them, token counts and costs, assessments, and the runs and prompts they belong
 * to. Moments of spans are split into milliseconds and the nanoseconds that are left: no database and no driver then rounds them.
 */
export const tracesMigration: Migration = {
  name: "0003-traces",
  up: async (db) => {
    await db.schema
      .createTable("traces")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("experiment_id", "text", (column) => column.notNull().references("experiments.id"))
      .addColumn("started_at", "bigint", (column) => column.notNull())
      .addColumn("duration", "bigint")
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("given", "smallint", (column) => column.notNull())
      .addColumn("client_request_id", "text")
      .addColumn("request_preview", "text")
      .addColumn("response_preview", "text")
      .execute();
    await db.schema.createIndex("traces_by_experiment").on("traces").columns(["experiment_id", "started_at"]).execute();

    for (const table of ["trace_tags", "trace_metadata"]) {
      await db.schema
        .createTable(table)
        .addColumn("trace_id", "text", (column) => column.notNull().references("traces.id").onDelete("cascade"))
        .addColumn("key", "text", (column) => column.notNull())
        .addColumn("value", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint(`${table}_key`, ["trace_id", "key"])
        .execute();
      // The beginning only: PostgreSQL refuses rows whose index entry is longer than a third of a page.
      await sql`create index ${sql.ref(`${table}_by_value`)} on ${sql.table(table)} (key, substr(value, 1, 200))`.execute(db);
    }

    await db.schema
      .createTable("spans")
      .addColumn("trace_id", "text", (column) => column.notNull().references("traces.id").onDelete("cascade"))
      .addColumn("span_id", "text", (column) => column.notNull())
      .addColumn("parent_id", "text")
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("type", "text")
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("model", "text")
      .addColumn("provider", "text")
      .addColumn("started_ms", "bigint", (column) => column.notNull())
      .addColumn("started_ns", "integer", (column) => column.notNull())
      .addColumn("ended_ms", "bigint")
      .addColumn("ended_ns", "integer")
      // Last, so that what does not ask for it does not read it.
      .addColumn("content", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("spans_key", ["trace_id", "span_id"])
      .execute();

    await db.schema
      .createTable("trace_metrics")
      .addColumn("trace_id", "text", (column) => column.notNull().references("traces.id").onDelete("cascade"))
      // Empty for what is said of the whole trace.
      .addColumn("span_id", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("value", "double precision", (column) => column.notNull())
      .addPrimaryKeyConstraint("trace_metrics_key", ["trace_id", "span_id", "key"])
      .execute();

    await db.schema
      .createTable("assessments")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("trace_id", "text", (column) => column.notNull().references("traces.id").onDelete("cascade"))
      .addColumn("span_id", "text")
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("value", "text", (column) => column.notNull())
      .addColumn("value_text", "text", (column) => column.notNull())
      .addColumn("value_number", "double precision")
      .addColumn("error", "text")
      .addColumn("source_type", "text", (column) => column.notNull())
      .addColumn("source_id", "text", (column) => column.notNull())
      .addColumn("rationale", "text")
      .addColumn("metadata", "text", (column) => column.notNull())
      .addColumn("of_session", "smallint", (column) => column.notNull())
      .addColumn("overrides", "text")
      .addColumn("valid", "smallint", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("assessments_by_trace").on("assessments").column("trace_id").execute();
    await sql`create index assessments_by_name on assessments (kind, substr(name, 1, 200))`.execute(db);

    // A link may come before its trace does, so it does not ask for one.
    await db.schema
      .createTable("trace_runs")
      .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
      .addColumn("trace_id", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("trace_runs_key", ["run_id", "trace_id"])
      .execute();
    await db.schema.createIndex("trace_runs_by_trace").on("trace_runs").column("trace_id").execute();
    await db.schema
      .createTable("trace_prompts")
      .addColumn("trace_id", "text", (column) => column.notNull().references("traces.id").onDelete("cascade"))
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("version", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("trace_prompts_key", ["trace_id", "name", "version"])
      .execute();
  },
};
