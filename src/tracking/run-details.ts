import { notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import type { DatasetInput, ModelOfRun } from "./inputs.ts";
import { numberOf } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import type { Lifecycle, MetricPoint, RunStatus } from "./types.ts";

/** A run with all that was logged to it but histories and artifacts. */
export interface RunDetails {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly lifecycle: Lifecycle;
  readonly userId: string;
  readonly artifactUri: string;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  /** The latest point of each metric. */
  readonly metrics: readonly MetricPoint[];
  readonly datasets: readonly DatasetInput[];
  readonly inputModels: readonly ModelOfRun[];
  readonly outputModels: readonly ModelOfRun[];
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Throws `tracking.run_not_found`. */
export async function readRunDetails(db: Database, id: string): Promise<RunDetails> {
  const [run] = await readManyRuns(db, [id]);
  if (!run) throw notFound("tracking.run_not_found", `Run with id=${id} not found`);
  return run;
}

/** So many ids go into one statement. */
const slice = 5000;

/** The runs of these ids, in their order; those that are not there are left out. */
export async function readManyRuns(db: Database, ids: readonly string[]): Promise<RunDetails[]> {
  const runs: RunDetails[] = [];
  for (let from = 0; from < ids.length; from += slice) runs.push(...(await readSlice(db, ids.slice(from, from + slice))));
  return runs;
}

async function readSlice(db: Database, ids: readonly string[]): Promise<RunDetails[]> {
  const tables = trackingTables(db);
  const rows = new Map((await tables.selectFrom("runs").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const pairs = async (table: "params" | "run_tags") =>
    byRun(await tables.selectFrom(table).selectAll().where("run_id", "in", ids).orderBy("run_id").orderBy("key").execute(), ({ key, value }) => ({ key, value }));
  const [params, tags] = [await pairs("params"), await pairs("run_tags")];
  const metrics = byRun(await tables.selectFrom("latest_metrics").selectAll().where("run_id", "in", ids).orderBy("run_id").orderBy("key").execute(), (row) => ({
    key: row.key,
    value: numberOf(row),
    step: row.step,
    time: row.time,
  }));
  const datasets = byRun(
    await tables
      .selectFrom("run_datasets")
      .innerJoin("runs", "runs.id", "run_datasets.run_id")
      .innerJoin("logged_datasets", (join) =>
        join
          .onRef("logged_datasets.experiment_id", "=", "runs.experiment_id")
          .onRef("logged_datasets.name", "=", "run_datasets.name")
          .onRef("logged_datasets.digest", "=", "run_datasets.digest"),
      )
      .select(["run_datasets.run_id", "run_datasets.tags", "logged_datasets.name", "logged_datasets.digest", "source_type", "source", "schema", "profile"])
      .where("run_datasets.run_id", "in", ids)
      .execute(),
    (row): DatasetInput => ({
      dataset: { name: row.name, digest: row.digest, sourceType: row.source_type, source: row.source, schema: row.schema ?? undefined, profile: row.profile ?? undefined },
      tags: JSON.parse(row.tags) as Record<string, string>,
    }),
  );
  const models = byRun(await tables.selectFrom("run_models").selectAll().where("run_id", "in", ids).orderBy("step").execute(), (row) => row);
  const modelsOf = (id: string, direction: string): ModelOfRun[] =>
    (models.get(id) ?? []).filter((row) => row.direction === direction).map((row) => ({ modelId: row.model_id, step: row.step }));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    return [
      {
        id,
        experimentId: row.experiment_id,
        name: row.name,
        status: row.status,
        startedAt: row.started_at,
        endedAt: row.ended_at,
        lifecycle: row.lifecycle,
        userId: row.user_id,
        artifactUri: row.artifact_uri,
        params: params.get(id) ?? [],
        tags: tags.get(id) ?? [],
        metrics: metrics.get(id) ?? [],
        datasets: datasets.get(id) ?? [],
        inputModels: modelsOf(id, "input"),
        outputModels: modelsOf(id, "output"),
      },
    ];
  });
}

function byRun<R extends { readonly run_id: string }, T>(rows: readonly R[], read: (row: R) => T): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const list = found.get(row.run_id);
    if (list) list.push(read(row));
    else found.set(row.run_id, [read(row)]);
  }
  return found;
}
