import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import type { Migration } from "../storage/migrations.ts";
import { statusesMigration } from "./triggers/statuses/status-store.ts";
import { triggersMigration } from "./triggers/tables.ts";
import type { JsonObject, PipelineRun, PipelineSpec, StepProgress, StepRun, StepState } from "../stage.ts";

type PipelineTables = {
  pipeline_runs: {
    id: string;
    name: string;
    model: string;
    trigger_reason: string;
    actor: string;
    state: PipelineRun["state"];
    reason: string | null;
    spec: string;
    created_at: number;
    finished_at: number | null;
  };
  step_runs: {
    run_id: string;
    id: string;
    position: number;
    step: string;
    state: StepState;
    cache_key: string | null;
    cache_hit: number;
    started_at: number | null;
    finished_at: number | null;
    output: string | null;
    error: string | null;
  };
}

export const pipelineMigrations: readonly Migration[] = [
  {
    name: "0001-pipeline-runs",
    up: async (db) => {
      await db.schema
        .createTable("pipeline_runs")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("model", "text", (column) => column.notNull())
        .addColumn("trigger_reason", "text", (column) => column.notNull())
        .addColumn("actor", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("reason", "text")
        .addColumn("spec", "text", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .addColumn("finished_at", "bigint")
        .execute();
      await db.schema
        .createTable("step_runs")
        .addColumn("run_id", "text", (column) => column.notNull().references("pipeline_runs.id"))
        .addColumn("id", "text", (column) => column.notNull())
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("step", "text", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("cache_key", "text")
        .addColumn("cache_hit", "integer", (column) => column.notNull())
        .addColumn("started_at", "bigint")
        .addColumn("finished_at", "bigint")
        .addColumn("output", "text")
        .addColumn("error", "text")
        .addPrimaryKeyConstraint("step_runs_key", ["run_id", "id"])
        .execute();
      await db.schema.createIndex("step_runs_cache").on("step_runs").column("cache_key").execute();
      await db.schema.createIndex("pipeline_runs_state").on("pipeline_runs").columns(["state", "created_at"]).execute();
    },
  },
  triggersMigration,
  statusesMigration,
];

const tablesOf = (db: Database) => db.withTables<PipelineTables>();

/** Inserts a run with all its steps waiting; does nothing when the id exists. */
export async function insertRun(db: Database, id: string, spec: PipelineSpec, now: number): Promise<void> {
  await transact(db, async (untyped) => {
    const transaction = tablesOf(untyped);
    const inserted = await transaction
      .insertInto("pipeline_runs")
      .values({
        id,
        name: spec.name,
        model: spec.model,
        trigger_reason: spec.trigger,
        actor: spec.actor,
        state: "running",
        reason: null,
        spec: JSON.stringify(spec),
        created_at: now,
        finished_at: null,
      })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows === 0n) return;
    await transaction
      .insertInto("step_runs")
      .values(
        spec.steps.map((step, position) => ({
          run_id: id,
          id: step.id,
          position,
          step: step.step,
          state: "waiting" as const,
          cache_key: null,
          cache_hit: 0,
          started_at: null,
          finished_at: null,
          output: null,
          error: null,
        })),
      )
      .execute();
  });
}

export interface StepChange {
  readonly state: StepState;
  readonly cacheKey?: string;
  readonly cacheHit?: boolean;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly output?: JsonObject;
  readonly error?: { readonly code: string; readonly message: string };
}

export async function updateStep(db: Database, runId: string, stepId: string, change: StepChange): Promise<void> {
  await tablesOf(db)
    .updateTable("step_runs")
    .set({
      state: change.state,
      ...(change.cacheKey === undefined ? {} : { cache_key: change.cacheKey }),
      ...(change.cacheHit === undefined ? {} : { cache_hit: change.cacheHit ? 1 : 0 }),
      ...(change.startedAt === undefined ? {} : { started_at: change.startedAt }),
      ...(change.finishedAt === undefined ? {} : { finished_at: change.finishedAt }),
      ...(change.output === undefined ? {} : { output: JSON.stringify(change.output) }),
      ...(change.error === undefined ? {} : { error: JSON.stringify(change.error) }),
    })
    .where("run_id", "=", runId)
    .where("id", "=", stepId)
    .execute();
}

/** Ends a run; steps that never ran are marked skipped. */
export async function finishRun(
  db: Database,
  id: string,
  state: "succeeded" | "stopped" | "failed",
  reason: string | null,
  now: number,
): Promise<void> {
  await transact(db, async (untyped) => {
    const transaction = tablesOf(untyped);
    await transaction.updateTable("pipeline_runs").set({ state, reason, finished_at: now }).where("id", "=", id).execute();
    await transaction
      .updateTable("step_runs")
      .set({ state: "skipped" })
      .where("run_id", "=", id)
      .where("state", "=", "waiting")
      .execute();
  });
}

/** The output of an earlier step run with this cache key, if any succeeded. */
export async function cachedOutput(db: Database, cacheKey: string): Promise<JsonObject | undefined> {
  const row = await tablesOf(db)
    .selectFrom("step_runs")
    .select("output")
    .where("cache_key", "=", cacheKey)
    .where("state", "=", "succeeded")
    .limit(1)
    .executeTakeFirst();
  return row?.output == null ? undefined : (JSON.parse(row.output) as JsonObject);
}

export async function readRun(
  db: Database,
  id: string,
  progressOf: (stepId: string) => StepProgress | null = () => null,
): Promise<PipelineRun | undefined> {
  const tables = tablesOf(db);
  const row = await tables.selectFrom("pipeline_runs").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) return undefined;
  const steps = await tables.selectFrom("step_runs").selectAll().where("run_id", "=", id).orderBy("position").execute();
  return {
    id: row.id,
    name: row.name,
    model: row.model,
    trigger: row.trigger_reason,
    actor: row.actor,
    state: row.state,
    reason: row.reason,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    spec: JSON.parse(row.spec) as PipelineSpec,
    steps: steps.map(
      (step): StepRun => ({
        id: step.id,
        step: step.step,
        state: step.state,
        cacheHit: step.cache_hit === 1,
        startedAt: step.started_at,
        finishedAt: step.finished_at,
        progress: progressOf(step.id),
        output: step.output === null ? null : (JSON.parse(step.output) as JsonObject),
        error: step.error === null ? null : (JSON.parse(step.error) as { code: string; message: string }),
      }),
    ),
  };
}

export type PipelineRunSummary = Omit<PipelineRun, "spec" | "steps">;

/** The newest runs first. */
export async function listRuns(db: Database, filter: { state?: PipelineRun["state"]; model?: string; limit?: number }): Promise<PipelineRunSummary[]> {
  let query = tablesOf(db)
    .selectFrom("pipeline_runs")
    .select(["id", "name", "model", "trigger_reason", "actor", "state", "reason", "created_at", "finished_at"])
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(filter.limit ?? 100);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.model !== undefined) query = query.where("model", "=", filter.model);
  return (await query.execute()).map(({ trigger_reason, created_at, finished_at, ...row }) => ({
    ...row,
    trigger: trigger_reason,
    createdAt: created_at,
    finishedAt: finished_at,
  }));
}

/** The runs of a model that ended well at a moment or after it, in the order of their ends. */
export async function succeededSince(db: Database, model: string, since: number): Promise<{ readonly id: string; readonly name: string; readonly finishedAt: number }[]> {
  const rows = await tablesOf(db).selectFrom("pipeline_runs").select(["id", "name", "finished_at"]).where("model", "=", model).where("state", "=", "succeeded").where("finished_at", ">=", since).orderBy("finished_at").orderBy("id").limit(200).execute();
  return rows.map(({ id, name, finished_at: finishedAt }) => ({ id, name, finishedAt: finishedAt! }));
}
