import type { Collector } from "../stage.ts";
import type { Database } from "../storage/database.ts";
import { forgetLogged } from "./forget-logged.ts";
import { trackingTables } from "./store.ts";
import { traceTables } from "./traces/trace-tables.ts";

/** So many ids go into one statement. */
const slice = 500;

/** Runs, logged models and experiments (with their traces) that were deleted long enough ago; what a later room needs stays, and so do experiments with something in them. */
export const trackingCollector: Collector = {
  collect: async (transaction, { before, needed }) => {
    const tables = trackingTables(transaction);
    const doomed = async (table: "runs" | "logged_models"): Promise<string[]> =>
      (await tables.selectFrom(table).select("id").where("deleted_at", "<", before).execute()).map(({ id }) => id).filter((id) => !needed.has(id));
    const [models, runs] = [await doomed("logged_models"), await doomed("runs")];
    for (let from = 0; from < models.length; from += slice) await forgetLoggedModels(transaction, models.slice(from, from + slice));
    for (let from = 0; from < runs.length; from += slice) await forgetRuns(transaction, runs.slice(from, from + slice));
    return { "logged models": models.length, runs: runs.length, experiments: await forgetExperiments(transaction, before) };
  },
};

async function forgetLoggedModels(transaction: Database, ids: readonly string[]): Promise<void> {
  const tables = trackingTables(transaction);
  for (const table of ["logged_model_params", "logged_model_tags", "model_metrics", "run_models"] as const) await tables.deleteFrom(table).where("model_id", "in", ids).execute();
  await tables.deleteFrom("files").where("owner", "in", ids).execute();
  await tables.deleteFrom("logged_models").where("id", "in", ids).execute();
}

async function forgetRuns(transaction: Database, ids: readonly string[]): Promise<void> {
  const tables = trackingTables(transaction);
  await forgetLogged(transaction, ids);
  for (const table of ["run_datasets", "run_models"] as const) await tables.deleteFrom(table).where("run_id", "in", ids).execute();
  await tables.deleteFrom("files").where("owner", "in", ids).execute();
  await traceTables(transaction).deleteFrom("trace_runs").where("run_id", "in", ids).execute();
  await tables.deleteFrom("lineage").where("from_kind", "=", "run").where("from_id", "in", ids).execute();
  await tables.deleteFrom("lineage").where("to_kind", "=", "run").where("to_id", "in", ids).execute();
  await tables.deleteFrom("runs").where("id", "in", ids).execute();
}

async function forgetExperiments(transaction: Database, before: number): Promise<number> {
  const tables = trackingTables(transaction);
  const empty = await tables
    .selectFrom("experiments")
    .select("id")
    .where("lifecycle", "=", "deleted")
    .where("updated_at", "<", before)
    .where("id", "not in", tables.selectFrom("runs").select("experiment_id"))
    .where("id", "not in", tables.selectFrom("logged_models").select("experiment_id"))
    .execute();
  const ids = empty.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await forgetTraces(transaction, ids);
  await tables.deleteFrom("experiment_tags").where("experiment_id", "in", ids).execute();
  await tables.deleteFrom("logged_datasets").where("experiment_id", "in", ids).execute();
  await tables.deleteFrom("experiments").where("id", "in", ids).execute();
  return ids.length;
}

/** The traces of experiments, with all that hangs on them. */
async function forgetTraces(transaction: Database, experimentIds: readonly string[]): Promise<void> {
  const traces = traceTables(transaction);
  const ids = traces.selectFrom("traces").select("id").where("experiment_id", "in", experimentIds);
  await trackingTables(transaction).deleteFrom("files").where("owner", "in", ids).execute();
  await traces.deleteFrom("trace_runs").where("trace_id", "in", ids).execute();
  await traces.deleteFrom("traces").where("experiment_id", "in", experimentIds).execute();
}
