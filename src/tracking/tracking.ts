import { invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
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
  for (const point of record.metrics) {
    if (!Number.isFinite(point.value)) {
      throw invalid("tracking.bad_metric", `Metric ${point.key} of run ${record.id} is ${point.value} at step ${point.step}; metrics are finite numbers`);
    }
  }
  await trackingTables(db)
    .transaction()
    .execute(async (transaction) => {
      await transaction
        .insertInto("experiments")
        .values({ id: record.experiment, name: record.experiment, created_at: record.startedAt })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      for (const table of ["params", "run_tags", "metrics", "latest_metrics", "artifacts"] as const) {
        await transaction.deleteFrom(table).where("run_id", "=", record.id).execute();
      }
      const run = {
        experiment_id: record.experiment,
        name: record.name,
        status: record.status,
        started_at: record.startedAt,
        ended_at: record.endedAt,
      };
      await transaction
        .insertInto("runs")
        .values({ id: record.id, ...run })
        .onConflict((conflict) => conflict.column("id").doUpdateSet(run))
        .execute();
      const pairs = (values: Readonly<Record<string, string>>) =>
        Object.entries(values).map(([key, value]) => ({ run_id: record.id, key, value }));
      if (pairs(record.params).length > 0) await transaction.insertInto("params").values(pairs(record.params)).execute();
      if (pairs(record.tags).length > 0) await transaction.insertInto("run_tags").values(pairs(record.tags)).execute();
      const points = record.metrics.map((point) => ({ run_id: record.id, ...point }));
      for (let from = 0; from < points.length; from += 1000) {
        await transaction.insertInto("metrics").values(points.slice(from, from + 1000)).execute();
      }
      const latest = new Map<string, (typeof points)[number]>();
      for (const point of points) {
        const known = latest.get(point.key);
        if (!known || point.step >= known.step) latest.set(point.key, point);
      }
      if (latest.size > 0) await transaction.insertInto("latest_metrics").values([...latest.values()]).execute();
      const artifacts = record.artifacts.map((artifact) => ({ run_id: record.id, ...artifact }));
      if (artifacts.length > 0) await transaction.insertInto("artifacts").values(artifacts).execute();
      await insertLineage(transaction as unknown as Database, record.lineage);
    });
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
    .selectFrom("artifacts")
    .select(["path", "sha256", "size"])
    .where("run_id", "=", id)
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
  if (filter.id !== undefined) query = query.where("runs.id", "=", filter.id);
  if (filter.experiment !== undefined) query = query.where("experiments.name", "=", filter.experiment);
  const rows = await query.execute();
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return [];
  const collect = async <V>(table: "params" | "run_tags" | "latest_metrics"): Promise<Map<string, Record<string, V>>> => {
    const byRun = new Map<string, Record<string, V>>();
    for (const row of await tables.selectFrom(table).select(["run_id", "key", "value"]).where("run_id", "in", ids).orderBy("key").execute()) {
      const values = byRun.get(row.run_id) ?? {};
      values[row.key] = row.value as V;
      byRun.set(row.run_id, values);
    }
    return byRun;
  };
  const [params, tags, metrics] = [await collect<string>("params"), await collect<string>("run_tags"), await collect<number>("latest_metrics")];
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

/** All stored points of one metric, in order of steps. */
export async function metricHistory(db: Database, runId: string, key: string): Promise<MetricPoint[]> {
  return trackingTables(db)
    .selectFrom("metrics")
    .select(["key", "value", "step", "time"])
    .where("run_id", "=", runId)
    .where("key", "=", key)
    .orderBy("step")
    .orderBy("time")
    .execute();
}
