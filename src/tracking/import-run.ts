import { invalid } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { lock } from "../storage/transactions.ts";
import { forgetLogged } from "./forget-logged.ts";
import { logDatasets, logModels } from "./inputs.ts";
import { logMetrics } from "./log-batch.ts";
import type { RunDetails } from "./run-details.ts";
import { trackingTables } from "./store.ts";
import type { MetricPoint } from "./types.ts";

/** The tag of a run whose import has begun and not ended: it is hidden, and begun anew by the next import. */
const begunTag = "millrace.import";

/** A run as another system kept it; its latest metrics follow from its points. */
export interface ImportedRun extends Omit<RunDetails, "metrics"> {
  readonly deletedAt: number | null;
}

/**
 * Writes a run whole, with its id and times; call it in a transaction. A run with too many points for one comes in parts: it is hidden until
 * `endImport`. One that an import had begun is begun anew. Throws `tracking.run_exists` for any other that is there.
 */
export async function importRun(transaction: Database, run: ImportedRun, points: readonly MetricPoint[], options: { readonly more: boolean }): Promise<void> {
  await lock(transaction, `tracking.run ${run.id}`);
  const tables = trackingTables(transaction);
  if (await tables.selectFrom("runs").select("id").where("id", "=", run.id).executeTakeFirst()) {
    if (!(await isBegun(transaction, run.id))) throw invalid("tracking.run_exists", `There is a run ${run.id} already`);
    await removeRun(transaction, run.id);
  }
  await tables
    .insertInto("runs")
    .values({
      id: run.id,
      experiment_id: run.experimentId,
      name: run.name,
      status: run.status,
      started_at: run.startedAt,
      ended_at: run.endedAt,
      lifecycle: options.more ? "deleted" : run.lifecycle,
      deleted_at: run.deletedAt,
      user_id: run.userId,
      artifact_uri: run.artifactUri,
    })
    .execute();
  const tags = options.more ? [...run.tags, { key: begunTag, value: "begun" }] : run.tags;
  await insertRows(transaction, "params", ["run_id", "key", "value"], run.params.map(({ key, value }) => [run.id, key, value]));
  await insertRows(transaction, "run_tags", ["run_id", "key", "value"], tags.map(({ key, value }) => [run.id, key, value]));
  await logDatasets(transaction, run.id, run.datasets);
  await logModels(transaction, run.id, "input", run.inputModels);
  await logModels(transaction, run.id, "output", run.outputModels);
  await logMetrics(transaction, run.id, points);
}

/** More points of a run whose import has begun. */
export async function importPoints(transaction: Database, runId: string, points: readonly MetricPoint[]): Promise<void> {
  if (!(await isBegun(transaction, runId))) throw invalid("tracking.import_not_begun", `No import of run ${runId} is under way`);
  await logMetrics(transaction, runId, points);
}

/** Shows a run that came in parts. */
export async function endImport(transaction: Database, { id, lifecycle, deletedAt }: Pick<ImportedRun, "id" | "lifecycle" | "deletedAt">): Promise<void> {
  const tables = trackingTables(transaction);
  await tables.updateTable("runs").set({ lifecycle, deleted_at: deletedAt }).where("id", "=", id).execute();
  await tables.deleteFrom("run_tags").where("run_id", "=", id).where("key", "=", begunTag).execute();
}

/** True for a run whose import ended before its end. */
export const isBegunRun = (run: RunDetails): boolean => run.tags.some(({ key }) => key === begunTag);

async function isBegun(transaction: Database, runId: string): Promise<boolean> {
  const tag = await trackingTables(transaction).selectFrom("run_tags").select("key").where("run_id", "=", runId).where("key", "=", begunTag).executeTakeFirst();
  return tag !== undefined;
}

/** Removes a run and what is kept with it but its artifacts, which were stored before it. */
async function removeRun(transaction: Database, id: string): Promise<void> {
  const tables = trackingTables(transaction);
  await forgetLogged(transaction, [id]);
  for (const table of ["run_datasets", "run_models"] as const) await tables.deleteFrom(table).where("run_id", "=", id).execute();
  await tables.deleteFrom("runs").where("id", "=", id).execute();
}

/** How many points and artifacts these runs and logged models have. */
export async function countKept(db: Database, ids: readonly string[]): Promise<{ readonly points: number; readonly files: number }> {
  if (ids.length === 0) return { points: 0, files: 0 };
  const tables = trackingTables(db);
  const points = await tables
    .selectFrom("metric_points")
    .where("series_id", "in", tables.selectFrom("metric_series").select("id").where("run_id", "in", ids))
    .select(({ fn }) => fn.countAll<number | string>().as("count"))
    .executeTakeFirstOrThrow();
  const files = await tables.selectFrom("files").where("owner", "in", ids).select(({ fn }) => fn.countAll<number | string>().as("count")).executeTakeFirstOrThrow();
  return { points: Number(points.count), files: Number(files.count) };
}
