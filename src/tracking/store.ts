import type { Generated } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";
import { historiesMigration } from "./histories-migration.ts";
import { loggedModelsMigration } from "./logged-models-migration.ts";
import { runsTableMigration } from "./runs-table-migration.ts";
import type { Sum } from "./sums/sum.ts";
import { sumsMigration } from "./sums/sums-migration.ts";
import { tracesMigration } from "./traces/traces-migration.ts";
import type { Lifecycle, LoggedModelStatus, RunStatus } from "./types.ts";

type SummedUntil = { summed_step: Generated<number | null>; summed_time: Generated<number | null> };

export type TrackingTables = {
  experiments: { id: string; name: string; artifact_location: string; lifecycle: Lifecycle; created_at: number; updated_at: number };
  experiment_tags: { experiment_id: string; key: string; value: string };
  runs: {
    id: string;
    experiment_id: string;
    name: string;
    status: RunStatus;
    started_at: number;
    ended_at: number | null;
    lifecycle: Lifecycle;
    deleted_at: number | null;
    user_id: string;
    artifact_uri: string;
  };
  params: { run_id: string; key: string; value: string };
  run_tags: { run_id: string; key: string; value: string };
  /** The number a run's metric has in `metric_points`, and the place its sums end at: that one and what comes after it is in none. */
  metric_series: { id: Generated<number>; run_id: string; key: string } & SummedUntil;
  /** `value` and `kind` as `metric-value.ts` has them. */
  metric_points: { series_id: number; step: number; time: number; value: number; kind: number };
  /** Sums of consecutive points (`sums/`). */
  metric_sums: { series_id: number } & Sum;
  /** The series that were there before sums were, and which of them is the next to get some; empty when all have theirs. */
  metric_sums_fill: { next: number; last: number };
  /** The greatest point of each series by step, time, value. */
  latest_metrics: { run_id: string; key: string; step: number; time: number; value: number; kind: number };
  /** Metrics of logged models; `dataset_name` and `dataset_digest` are empty for none. */
  model_metrics: {
    model_id: string;
    run_id: string;
    key: string;
    step: number;
    time: number;
    value: number;
    kind: number;
    dataset_name: string;
    dataset_digest: string;
  };
  logged_models: {
    id: string;
    experiment_id: string;
    name: string;
    type: string | null;
    status: LoggedModelStatus;
    source_run_id: string | null;
    artifact_uri: string;
    created_at: number;
    updated_at: number;
    deleted_at: number | null;
  };
  logged_model_params: { model_id: string; key: string; value: string };
  logged_model_tags: { model_id: string; key: string; value: string };
  /** Artifacts: `owner` is the id of a run, a logged model (`m-…`) or a trace (`tr-…`). */
  files: { owner: string; path: string; sha256: string; size: number };
  logged_datasets: { experiment_id: string; name: string; digest: string; source_type: string; source: string; schema: string | null; profile: string | null };
  /** `tags` is a JSON object; `context` one of them, which searches ask for. */
  run_datasets: { run_id: string; name: string; digest: string; context: string | null; tags: string };
  run_models: { run_id: string; direction: "input" | "output"; model_id: string; step: number };
  lineage: { from_kind: string; from_id: string; to_kind: string; to_id: string; role: string };
}

export const trackingTables = (db: Database) => db.withTables<TrackingTables>();

export const trackingMigrations: readonly Migration[] = [
  {
    name: "0001-runs",
    up: async (db) => {
      await db.schema
        .createTable("experiments")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull().unique())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("runs")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("experiment_id", "text", (column) => column.notNull().references("experiments.id"))
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("status", "text", (column) => column.notNull())
        .addColumn("started_at", "bigint", (column) => column.notNull())
        .addColumn("ended_at", "bigint")
        .execute();
      await db.schema.createIndex("runs_by_experiment").on("runs").columns(["experiment_id", "started_at"]).execute();
      for (const table of ["params", "run_tags"]) {
        await db.schema
          .createTable(table)
          .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
          .addColumn("key", "text", (column) => column.notNull())
          .addColumn("value", "text", (column) => column.notNull())
          .addPrimaryKeyConstraint(`${table}_key`, ["run_id", "key"])
          .execute();
      }
      for (const [table, key] of [
        ["metrics", ["run_id", "key", "step", "time"]],
        ["latest_metrics", ["run_id", "key"]],
      ] as const) {
        await db.schema
          .createTable(table)
          .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
          .addColumn("key", "text", (column) => column.notNull())
          .addColumn("step", "bigint", (column) => column.notNull())
          .addColumn("time", "bigint", (column) => column.notNull())
          .addColumn("value", "double precision", (column) => column.notNull())
          .addPrimaryKeyConstraint(`${table}_key`, [...key])
          .execute();
      }
      await db.schema
        .createTable("artifacts")
        .addColumn("run_id", "text", (column) => column.notNull().references("runs.id"))
        .addColumn("path", "text", (column) => column.notNull())
        .addColumn("sha256", "text", (column) => column.notNull())
        .addColumn("size", "bigint", (column) => column.notNull())
        .addPrimaryKeyConstraint("artifacts_key", ["run_id", "path"])
        .execute();
      await db.schema
        .createTable("lineage")
        .addColumn("from_kind", "text", (column) => column.notNull())
        .addColumn("from_id", "text", (column) => column.notNull())
        .addColumn("to_kind", "text", (column) => column.notNull())
        .addColumn("to_id", "text", (column) => column.notNull())
        .addColumn("role", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("lineage_key", ["from_kind", "from_id", "to_kind", "to_id", "role"])
        .execute();
      await db.schema.createIndex("lineage_to").on("lineage").columns(["to_kind", "to_id"]).execute();
    },
  },
  historiesMigration,
  tracesMigration,
  loggedModelsMigration,
  runsTableMigration,
  sumsMigration,
];
