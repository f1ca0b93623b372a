import { dirname, join } from "node:path";
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { invalid } from "../../errors.ts";
import { nameOfRun } from "../../tracking/run-names.ts";
import type { DatasetInput } from "../../tracking/inputs.ts";
import type { LoggedModelStatus, RunStatus } from "../../tracking/types.ts";
import { numberIn, numberOrNullIn, textIn } from "./cells.ts";
import { filesBelow, localFolder, missingLocal } from "./local-artifacts.ts";
import { asLogged, type MlflowSource, type Series, type SourceRun } from "./source.ts";
import { readSqlModels } from "./sqlite-registry.ts";
import { openSqlReader, type Row, type SqlReader } from "./sql-reader.ts";

/** So many points are held at once. */
const pageOfPoints = 50_000;

/** The SQLite file of MLflow's SQL store, of any of its versions that has the tables of 1.x: columns that are not there are left. */
export function openSqliteSource(file: string, proxied: string | undefined): MlflowSource {
  const db = new DatabaseSync(file, { readOnly: true });
  const sql = openSqlReader(db);
  if (!sql.has("experiments") || !sql.has("runs")) {
    db.close();
    throw invalid("mlflow.no_source", `${file} is no database of MLflow: it has no tables experiments and runs`);
  }
  const folder = dirname(file);
  const artifacts = proxied ?? [join(folder, "mlartifacts")].find((one) => existsSync(one));
  return {
    name: `the database ${file}`,
    async *readExperiments() {
      for (const row of sql.rows("select * from experiments order by experiment_id")) {
        const id = String(row["experiment_id"]);
        yield {
          id,
          name: textIn(row["name"]),
          artifactLocation: textIn(row["artifact_location"]),
          lifecycle: lifecycle(row),
          createdAt: numberIn(row["creation_time"]),
          updatedAt: numberIn(row["last_update_time"] ?? row["creation_time"]),
          tags: sql.pairs("experiment_tags", "experiment_id", row["experiment_id"]),
        };
      }
    },
    async *readRuns(experimentId) {
      const rows = sql.rows("select runs.*, cast(experiment_id as text) as experiment from runs where experiment_id = ? order by start_time, run_uuid", BigInt(experimentId));
      for (const row of rows) yield readRun(sql, row);
    },
    async *readHistories(run) {
      yield* historiesOf(sql, run.id);
    },
    async *readLoggedModels(experimentId) {
      if (!sql.has("logged_models")) return;
      for (const row of sql.rows("select * from logged_models where experiment_id = ? order by creation_timestamp_ms", BigInt(experimentId))) yield readLoggedModel(sql, row);
    },
    readRegisteredModels: () => readSqlModels(sql),
    readArtifacts: async (root) => {
      const local = localFolder(root.uri, folder, artifacts);
      return local === undefined ? undefined : filesBelow(local);
    },
    missingFolder: (uri) => missingLocal(localFolder(uri, folder, artifacts)),
    readLeftOut: async () => {
      const counts = [["trace_info", "traces"], ["assessments", "assessments"], ["evaluation_datasets", "evaluation datasets"], ["scorers", "scorers"], ["webhooks", "webhooks"], ["issues", "issues"], ["endpoints", "gateway endpoints"]] as const;
      return Object.fromEntries(counts.filter(([table]) => sql.has(table)).map(([table, what]) => [what, numberIn(sql.rows(`select count(*) as n from ${table}`).next().value?.["n"])]));
    },
    close: async () => db.close(),
  };
}

const lifecycle = (row: Row) => (row["lifecycle_stage"] === "deleted" ? ("deleted" as const) : ("active" as const));

function readRun(sql: SqlReader, row: Row): SourceRun {
  const id = textIn(row["run_uuid"]);
  const tags = sql.pairs("tags", "run_uuid", id);
  const asList = (pairs: Readonly<Record<string, string>>) => Object.entries(pairs).map(([key, value]) => ({ key, value }));
  const models = (source: string, destination: string) =>
    !sql.has("inputs") ? []
    : [...sql.rows("select * from inputs where source_type = ? and source_id = ? and destination_type = ? order by destination_id", source, id, destination)].map((one) => ({ modelId: textIn(one["destination_id"]), step: numberIn(one["step"]) }));
  return {
    id,
    experimentId: textIn(row["experiment"]),
    name: textIn(row["name"]) || tags["mlflow.runName"] || nameOfRun(id),
    status: (textIn(row["status"]) || "RUNNING").toLowerCase() as RunStatus,
    startedAt: numberIn(row["start_time"]),
    endedAt: numberOrNullIn(row["end_time"]),
    lifecycle: lifecycle(row),
    deletedAt: numberOrNullIn(row["deleted_time"]),
    userId: textIn(row["user_id"]),
    artifactUri: textIn(row["artifact_uri"]),
    params: asList(sql.pairs("params", "run_uuid", id)),
    tags: asList(tags),
    datasets: datasetsOf(sql, id),
    inputModels: models("RUN_INPUT", "MODEL_INPUT"),
    outputModels: models("RUN_OUTPUT", "MODEL_OUTPUT"),
    latest: latestOf(sql, id),
  };
}

/** Computed, where MLflow 1.1 and older had no table of them. */
function latestOf(sql: SqlReader, id: string): SourceRun["latest"] {
  const step = sql.column("metrics", "step") ? "step" : "0";
  const from = sql.has("latest_metrics")
    ? "select key, step, timestamp from latest_metrics where run_uuid = ?"
    : `select key, max(${step}) as step, max(timestamp) as timestamp from metrics where run_uuid = ? group by key`;
  return [...sql.rows(from, id)].map((one) => ({ key: textIn(one["key"]), step: numberIn(one["step"]), time: numberIn(one["timestamp"]) }));
}

function datasetsOf(sql: SqlReader, runId: string): DatasetInput[] {
  if (!sql.has("inputs") || !sql.has("datasets")) return [];
  const rows = sql.rows(
    `select datasets.*, inputs.input_uuid from inputs join datasets on datasets.dataset_uuid = inputs.source_id
     where inputs.source_type = 'DATASET' and inputs.destination_type = 'RUN' and inputs.destination_id = ?`,
    runId,
  );
  return [...rows].map((row) => ({
    dataset: {
      name: textIn(row["name"]),
      digest: textIn(row["digest"]),
      sourceType: textIn(row["dataset_source_type"]),
      source: textIn(row["dataset_source"]),
      schema: row["dataset_schema"] === null ? undefined : textIn(row["dataset_schema"]),
      profile: row["dataset_profile"] === null ? undefined : textIn(row["dataset_profile"]),
    },
    tags: sql.pairs("input_tags", "input_uuid", row["input_uuid"], "name"),
  }));
}

/** All points of a run at once, in parts: a question for each metric would be answered by the index of keys, which has those of all runs. */
function* historiesOf(sql: SqlReader, runId: string): Generator<Series> {
  const [step, nan] = [sql.column("metrics", "step") ? "step" : "0 as step", sql.column("metrics", "is_nan") ? "is_nan" : "0 as is_nan"];
  type Part = Series & { readonly steps: number[]; readonly times: number[]; readonly values: number[] };
  let [parts, count] = [new Map<string, Part>(), 0];
  for (const row of sql.stream(`select key, timestamp, value, ${step}, ${nan} from metrics where run_uuid = ?`, runId)) {
    const key = textIn(row["key"]);
    let part = parts.get(key);
    if (!part) parts.set(key, (part = { key, steps: [], times: [], values: [] }));
    part.steps.push(numberIn(row["step"]));
    part.times.push(numberIn(row["timestamp"]));
    part.values.push(row["is_nan"] === 1 ? Number.NaN : asLogged(numberIn(row["value"])));
    if (++count < pageOfPoints) continue;
    yield* parts.values();
    [parts, count] = [new Map(), 0];
  }
  yield* parts.values();
}

const modelStatus: readonly LoggedModelStatus[] = ["pending", "pending", "ready", "failed"];

function readLoggedModel(sql: SqlReader, row: Row) {
  const id = textIn(row["model_id"]);
  const list = (table: string, prefix: string) => [...sql.rows(`select * from ${table} where model_id = ? order by ${prefix}_key`, id)].map((one) => ({ key: textIn(one[`${prefix}_key`]), value: textIn(one[`${prefix}_value`]) }));
  return {
    id,
    experimentId: textIn(row["experiment_id"]),
    name: textIn(row["name"]),
    type: row["model_type"] === null ? null : textIn(row["model_type"]),
    status: modelStatus[numberIn(row["status"])] ?? "pending",
    sourceRunId: row["source_run_id"] === null ? null : textIn(row["source_run_id"]),
    artifactUri: textIn(row["artifact_location"]),
    createdAt: numberIn(row["creation_timestamp_ms"]),
    updatedAt: numberIn(row["last_updated_timestamp_ms"]),
    lifecycle: lifecycle(row),
    params: list("logged_model_params", "param"),
    tags: list("logged_model_tags", "tag"),
    metrics: [...sql.rows("select * from logged_model_metrics where model_id = ?", id)].map((one) => ({
      key: textIn(one["metric_name"]),
      value: asLogged(numberIn(one["metric_value"])),
      step: numberIn(one["metric_step"]),
      time: numberIn(one["metric_timestamp_ms"]),
      runId: textIn(one["run_id"]),
      datasetName: textIn(one["dataset_name"]),
      datasetDigest: textIn(one["dataset_digest"]),
    })),
  };
}
