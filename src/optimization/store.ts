import type { Database } from "../storage/database.ts";
import type { Migration } from "../storage/migrations.ts";
import type { Decision, DecisionKind, Loop, Rollout } from "./types.ts";

type OptimizationTables = {
  loops: { endpoint: string; loop: string; created_at: number };
  rollouts: {
    id: string;
    endpoint: string;
    champion_version: number;
    challenger_version: number;
    started_at: number;
    state: Rollout["state"];
    decided_at: number | null;
  };
  decisions: {
    id: string;
    endpoint: string;
    time: number;
    kind: DecisionKind;
    reason: string;
    evidence: string;
    pipeline_run_id: string | null;
  };
  ticks: { endpoint: string; time: number; state: "running" | "done" };
}

export const optimizationTables = (db: Database) => db.withTables<OptimizationTables>();

export const optimizationMigrations: readonly Migration[] = [
  {
    name: "0001-loops",
    up: async (db) => {
      await db.schema
        .createTable("loops")
        .addColumn("endpoint", "text", (column) => column.primaryKey())
        .addColumn("loop", "text", (column) => column.notNull())
        .addColumn("created_at", "bigint", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("rollouts")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("champion_version", "integer", (column) => column.notNull())
        .addColumn("challenger_version", "integer", (column) => column.notNull())
        .addColumn("started_at", "bigint", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("decided_at", "bigint")
        .execute();
      await db.schema.createIndex("rollouts_endpoint").on("rollouts").columns(["endpoint", "started_at"]).execute();
      await db.schema
        .createTable("decisions")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("time", "bigint", (column) => column.notNull())
        .addColumn("kind", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("evidence", "text", (column) => column.notNull())
        .addColumn("pipeline_run_id", "text")
        .execute();
      await db.schema.createIndex("decisions_endpoint").on("decisions").columns(["endpoint", "time"]).execute();
      await db.schema
        .createTable("ticks")
        .addColumn("endpoint", "text", (column) => column.notNull())
        .addColumn("time", "bigint", (column) => column.notNull())
        .addColumn("state", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("ticks_key", ["endpoint", "time"])
        .execute();
    },
  },
];

export async function saveLoop(db: Database, loop: Loop, now: number): Promise<void> {
  const row = { loop: JSON.stringify(loop) };
  await optimizationTables(db)
    .insertInto("loops")
    .values({ endpoint: loop.endpoint, created_at: now, ...row })
    .onConflict((conflict) => conflict.column("endpoint").doUpdateSet(row))
    .execute();
}

export async function listLoops(db: Database): Promise<Loop[]> {
  const rows = await optimizationTables(db).selectFrom("loops").select("loop").orderBy("endpoint").execute();
  return rows.map((row) => JSON.parse(row.loop) as Loop);
}

/** Writes a decision once: its id follows from the endpoint, the time and the kind, so a repeated tick decides nothing twice. */
export async function recordDecision(db: Database, decision: Omit<Decision, "id">): Promise<void> {
  await optimizationTables(db)
    .insertInto("decisions")
    .values({
      id: `${decision.endpoint}/${decision.time}/${decision.kind}`,
      endpoint: decision.endpoint,
      time: decision.time,
      kind: decision.kind,
      reason: decision.reason,
      evidence: JSON.stringify(decision.evidence),
      pipeline_run_id: decision.pipelineRunId,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Decisions in order of time. */
export async function readDecisions(db: Database, endpoint: string, filter: { kinds?: readonly DecisionKind[]; from?: number } = {}): Promise<Decision[]> {
  let query = optimizationTables(db).selectFrom("decisions").selectAll().where("endpoint", "=", endpoint).orderBy("time");
  if (filter.kinds) query = query.where("kind", "in", [...filter.kinds]);
  if (filter.from !== undefined) query = query.where("time", ">=", filter.from);
  const order: readonly DecisionKind[] = ["alarm", "gate_rejected", "retraining_failed", "canary_started", "promoted", "rolled_back"];
  return (await query.execute())
    .map(({ pipeline_run_id, evidence, ...row }) => ({ ...row, evidence: JSON.parse(evidence) as Record<string, unknown>, pipelineRunId: pipeline_run_id }))
    .sort((a, b) => a.time - b.time || order.indexOf(a.kind) - order.indexOf(b.kind));
}

/** The newest rollout of an endpoint. */
export async function latestRollout(db: Database, endpoint: string): Promise<Rollout | undefined> {
  return (await listRollouts(db, endpoint, 1))[0];
}

/** Rollouts, newest first. */
export async function listRollouts(db: Database, endpoint: string, limit = 500): Promise<Rollout[]> {
  const rows = await optimizationTables(db)
    .selectFrom("rollouts")
    .selectAll()
    .where("endpoint", "=", endpoint)
    .orderBy("started_at", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    endpoint: row.endpoint,
    championVersion: row.champion_version,
    challengerVersion: row.challenger_version,
    startedAt: row.started_at,
    state: row.state,
    decidedAt: row.decided_at,
  }));
}

export async function insertRollout(transaction: Database, rollout: Rollout): Promise<void> {
  await optimizationTables(transaction)
    .insertInto("rollouts")
    .values({
      id: rollout.id,
      endpoint: rollout.endpoint,
      champion_version: rollout.championVersion,
      challenger_version: rollout.challengerVersion,
      started_at: rollout.startedAt,
      state: rollout.state,
      decided_at: rollout.decidedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function decideRollout(transaction: Database, id: string, state: "promoted" | "rolled_back", time: number): Promise<void> {
  await optimizationTables(transaction).updateTable("rollouts").set({ state, decided_at: time }).where("id", "=", id).execute();
}

export interface Tick {
  readonly time: number;
  readonly state: "running" | "done";
}

export async function latestTick(db: Database, endpoint: string): Promise<Tick | undefined> {
  return optimizationTables(db)
    .selectFrom("ticks")
    .select(["time", "state"])
    .where("endpoint", "=", endpoint)
    .orderBy("time", "desc")
    .limit(1)
    .executeTakeFirst();
}

export async function writeTick(db: Database, endpoint: string, tick: Tick): Promise<void> {
  await optimizationTables(db)
    .insertInto("ticks")
    .values({ endpoint, ...tick })
    .onConflict((conflict) => conflict.columns(["endpoint", "time"]).doUpdateSet({ state: tick.state }))
    .execute();
}
