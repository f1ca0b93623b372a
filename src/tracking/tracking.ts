import { notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import { experimentNamed, storeRoot } from "./experiments.ts";
import { forgetLogged } from "./forget-logged.ts";
import { logMetrics } from "./log-batch.ts";
import { numberOf } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import type { Artifact, LineageEdge, LineageNode, MetricPoint, Run, RunStatus } from "./types.ts";

export interface RunRecord {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricPoint[];
  readonly artifacts: readonly Artifact[];
  readonly lineage: readonly LineageEdge[];
}

/**
 * Writes a whole run at once: all of it or nothing. Writing a run of the same id again replaces it, so a pipeline step that is
 * repeated after a crash leaves one run.
 */
export async function recordRun(db: Database, record: RunRecord): Promise<void> {
  await transact(db, async (transaction) => {
    const tables = trackingTables(transaction);
    const { id: experimentId } = await experimentNamed(transaction, record.experiment, record.startedAt);
    await forgetRun(transaction, record.id);
    const run = { experiment_id: experimentId, name: record.name, status: record.status, started_at: record.startedAt, ended_at: record.endedAt };
    await tables
      .insertInto("runs")
      .values({ id: record.id, ...run, lifecycle: "active", deleted_at: null, user_id: "millrace", artifact_uri: `${storeRoot}/${experimentId}/${record.id}/artifacts` })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(run))
      .execute();
    const pairs = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([key, value]) => ({ run_id: record.id, key, value }));
    const tags = pairs({ "mlflow.runName": record.name, ...record.tags });
    if (pairs(record.params).length > 0) await tables.insertInto("params").values(pairs(record.params)).execute();
    await tables.insertInto("run_tags").values(tags).execute();
    await logMetrics(transaction, record.id, record.metrics);
    const files = record.artifacts.map((artifact) => ({ owner: record.id, ...artifact }));
    if (files.length > 0) await tables.insertInto("files").values(files).execute();
    await insertLineage(transaction, record.lineage);
  });
}

/** Takes away what a run holds, and leaves the run. */
async function forgetRun(transaction: Database, id: string): Promise<void> {
  await forgetLogged(transaction, [id]);
  await trackingTables(transaction).deleteFrom("files").where("owner", "=", id).execute();
}

/** Adds edges to the lineage; an edge that is there already is left. */
export async function insertLineage(db: Database, edges: readonly LineageEdge[]): Promise<void> {
  if (edges.length === 0) return;
  await trackingTables(db)
    .insertInto("lineage")
    .values(
      edges.map((edge) => ({ from_kind: edge.from.kind, from_id: edge.from.id, to_kind: edge.to.kind, to_id: edge.to.id, role: edge.role })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Everything a node was made from, and what was made from it, as far as the lineage goes. */
export async function readLineage(db: Database, node: LineageNode): Promise<LineageEdge[]> {
  const found = new Map<string, LineageEdge>();
  const walk = async (start: LineageNode, up: boolean): Promise<void> => {
    const seen = new Set<string>();
    const queue = [start];
    for (let next = queue.pop(); next; next = queue.pop()) {
      if (seen.has(`${next.kind} ${next.id}`)) continue;
      seen.add(`${next.kind} ${next.id}`);
      const rows = await trackingTables(db)
        .selectFrom("lineage")
        .selectAll()
        .where(up ? "to_kind" : "from_kind", "=", next.kind)
        .where(up ? "to_id" : "from_id", "=", next.id)
        .execute();
      for (const row of rows) {
        const edge: LineageEdge = {
          from: { kind: row.from_kind, id: row.from_id },
          to: { kind: row.to_kind, id: row.to_id },
          role: row.role,
        };
        found.set(JSON.stringify(edge), edge);
        queue.push(up ? edge.from : edge.to);
      }
    }
  };
  await walk(node, true);
  await walk(node, false);
  return [...found.values()];
}

export async function readRun(db: Database, id: string): Promise<Run & { readonly artifacts: readonly Artifact[] }> {
  const [run] = await listRuns(db, { id });
  if (!run) throw notFound("tracking.run_not_found", `There is no run ${JSON.stringify(id)}`);
  const artifacts = await trackingTables(db)
    .selectFrom("files")
    .select(["path", "sha256", "size"])
    .where("owner", "=", id)
    .orderBy("path")
    .execute();
  return { ...run, artifacts };
}

/** The newest runs first, with their parameters, last metrics and tags. */
export async function listRuns(db: Database, filter: { id?: string; experiment?: string; limit?: number } = {}): Promise<Run[]> {
  const tables = trackingTables(db);
  let query = tables
    .selectFrom("runs")
    .innerJoin("experiments", "experiments.id", "runs.experiment_id")
    .select(["runs.id", "experiments.name as experiment", "runs.name", "runs.status", "runs.started_at", "runs.ended_at"])
    .orderBy("runs.started_at", "desc")
    .orderBy("runs.id")
    .limit(filter.limit ?? 200);
  if (filter.id === undefined) query = query.where("runs.lifecycle", "=", "active");
  else query = query.where("runs.id", "=", filter.id);
  if (filter.experiment !== undefined) query = query.where("experiments.name", "=", filter.experiment);
  const rows = await query.execute();
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return [];
  const collect = async (table: "params" | "run_tags"): Promise<Map<string, Record<string, string>>> => {
    const byRun = new Map<string, Record<string, string>>();
    for (const row of await tables.selectFrom(table).selectAll().where("run_id", "in", ids).orderBy("key").execute()) {
      const values = byRun.get(row.run_id) ?? {};
      values[row.key] = row.value;
      byRun.set(row.run_id, values);
    }
    return byRun;
  };
  const metrics = new Map<string, Record<string, number>>();
  for (const row of await tables.selectFrom("latest_metrics").selectAll().where("run_id", "in", ids).orderBy("key").execute()) {
    const values = metrics.get(row.run_id) ?? {};
    values[row.key] = numberOf(row);
    metrics.set(row.run_id, values);
  }
  const [params, tags] = [await collect("params"), await collect("run_tags")];
  return rows.map((row) => ({
    id: row.id,
    experiment: row.experiment,
    name: row.name,
    status: row.status,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    params: params.get(row.id) ?? {},
    metrics: metrics.get(row.id) ?? {},
    tags: tags.get(row.id) ?? {},
  }));
}
