import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { trackingTables } from "./store.ts";

export interface LoggedDataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string | undefined;
  readonly profile?: string | undefined;
}

export interface DatasetInput {
  readonly dataset: LoggedDataset;
  readonly tags: Readonly<Record<string, string>>;
}

/** The tag of a dataset input that says what the dataset was to the run: training, evaluation. */
const contextTag = "mlflow.data.context";

/** Says that a run read these datasets; a dataset is told by name and digest, and logging it again changes nothing. */
export async function logDatasets(db: Database, runId: string, inputs: readonly DatasetInput[]): Promise<void> {
  if (inputs.length === 0) return;
  const { experiment_id } = await trackingTables(db).selectFrom("runs").select("experiment_id").where("id", "=", runId).executeTakeFirstOrThrow();
  await insertRows(
    db,
    "logged_datasets",
    ["experiment_id", "name", "digest", "source_type", "source", "schema", "profile"],
    inputs.map(({ dataset }) => [experiment_id, dataset.name, dataset.digest, dataset.sourceType, dataset.source, dataset.schema ?? null, dataset.profile ?? null]),
    "on conflict do nothing",
  );
  await insertRows(
    db,
    "run_datasets",
    ["run_id", "name", "digest", "context", "tags"],
    inputs.map(({ dataset, tags }) => [runId, dataset.name, dataset.digest, tags[contextTag] ?? null, JSON.stringify(tags)]),
    "on conflict do nothing",
  );
}

export interface ModelOfRun {
  readonly modelId: string;
  readonly step: number;
}

/** Says that a run read or made these logged models. */
export async function logModels(db: Database, runId: string, direction: "input" | "output", models: readonly ModelOfRun[]): Promise<void> {
  await insertRows(
    db,
    "run_models",
    ["run_id", "direction", "model_id", "step"],
    models.map(({ modelId, step }) => [runId, direction, modelId, step]),
    "on conflict do nothing",
  );
}

export interface DatasetSummary {
  readonly experimentId: string;
  readonly name: string;
  readonly digest: string;
  readonly context: string | null;
}

/** The datasets that active runs of these experiments read, each once for each context. */
export async function listDatasets(db: Database, experimentIds: readonly string[]): Promise<DatasetSummary[]> {
  const rows = await trackingTables(db)
    .selectFrom("run_datasets")
    .innerJoin("runs", "runs.id", "run_datasets.run_id")
    .select(["runs.experiment_id", "run_datasets.name", "run_datasets.digest", "run_datasets.context"])
    .distinct()
    .where("runs.experiment_id", "in", experimentIds)
    .where("runs.lifecycle", "=", "active")
    .orderBy("run_datasets.name")
    .orderBy("run_datasets.digest")
    .limit(1000)
    .execute();
  return rows.map(({ experiment_id, ...row }) => ({ experimentId: experiment_id, ...row }));
}
