import { nameOfRun } from "../../tracking/run-names.ts";
import { MillraceError } from "../../errors.ts";
import type { Experiment, LoggedModel, LoggedModelStatus, RunStatus } from "../../tracking/types.ts";
import { inPages, listOf, numberOf, openServerClient, pairsOf, recordOf, textOf, type Message, type ServerClient } from "./server-client.ts";
import { readServerModels } from "./server-registry.ts";
import { serverFiles } from "./server-artifacts.ts";
import { asLogged, type MlflowSource, type Series, type SourceRun } from "./source.ts";

/** As many as MLflow's own client asks for at once. */
const pageOfPoints = 25_000;
const pageOfRuns = 200;

/** A live MLflow server (1.29 or newer), read over its REST protocol; it may be another Millrace. */
export function openServerSource(address: string, env: Readonly<Record<string, string | undefined>>): MlflowSource {
  const api = openServerClient(address, env);
  const experiments: string[] = [];
  return {
    name: `the server ${address.replace(/\/\/[^@/]*@/, "//")}`,
    async *readExperiments() {
      const page = (page_token?: string) => api.post("2.0/mlflow/experiments/search", { max_results: 1000, view_type: "ALL", page_token });
      for await (const message of inPages("experiments", page)) {
        const experiment = readExperiment(message);
        experiments.push(experiment.id);
        yield experiment;
      }
    },
    async *readRuns(experimentId) {
      const page = (page_token?: string) => api.post("2.0/mlflow/runs/search", { experiment_ids: [experimentId], run_view_type: "ALL", max_results: pageOfRuns, order_by: ["attributes.start_time ASC"], page_token });
      for await (const message of inPages("runs", page)) yield readRun(message);
    },
    async *readHistories(run) {
      for (const { key } of run.latest) yield* historyOf(api, run.id, key);
    },
    async *readLoggedModels(experimentId) {
      const page = (page_token?: string) => api.post("2.0/mlflow/logged-models/search", { experiment_ids: [experimentId], max_results: 50, page_token }).catch(ifUnknown({}));
      for await (const message of inPages("models", page)) yield readLoggedModel(message);
    },
    readRegisteredModels: () => readServerModels(api),
    readArtifacts: (root) => serverFiles(api, root),
    missingFolder: () => undefined,
    readLeftOut: async () => ({ traces: await countTraces(api, experiments) }),
    close: async () => undefined,
  };
}

/** What to take for the answer of a procedure that an older server does not have. */
const ifUnknown = (empty: Message) => (error: unknown): Message => {
  if (error instanceof MillraceError && error.status === 404) return empty;
  throw error;
};

function readExperiment(message: Message): Experiment {
  return {
    id: textOf(message, "experiment_id"),
    name: textOf(message, "name"),
    artifactLocation: textOf(message, "artifact_location"),
    lifecycle: lifecycle(message),
    createdAt: numberOf(message, "creation_time"),
    updatedAt: numberOf(message, "last_update_time"),
    tags: recordOf(message, "tags"),
  };
}

const lifecycle = (message: Message) => (message["lifecycle_stage"] === "deleted" ? ("deleted" as const) : ("active" as const));

function readRun(message: Message): SourceRun {
  const part = (of: Message | undefined, key: string): Message => (of?.[key] as Message | undefined) ?? {};
  const [info, data, inputs, outputs] = [part(message, "info"), part(message, "data"), part(message, "inputs"), part(message, "outputs")];
  const id = textOf(info, "run_id") || textOf(info, "run_uuid");
  const tags = pairsOf(data, "tags");
  return {
    id,
    experimentId: textOf(info, "experiment_id"),
    name: textOf(info, "run_name") || (tags.find(({ key }) => key === "mlflow.runName")?.value ?? "") || nameOfRun(id),
    status: (textOf(info, "status") || "RUNNING").toLowerCase() as RunStatus,
    startedAt: numberOf(info, "start_time"),
    endedAt: info["end_time"] === undefined ? null : numberOf(info, "end_time"),
    lifecycle: lifecycle(info),
    // The protocol does not say when.
    deletedAt: null,
    userId: textOf(info, "user_id"),
    artifactUri: textOf(info, "artifact_uri"),
    params: pairsOf(data, "params"),
    tags,
    datasets: listOf(inputs, "dataset_inputs").map((input) => {
      const dataset = part(input, "dataset");
      const given = (key: string) => (dataset[key] === undefined ? undefined : textOf(dataset, key));
      return {
        dataset: { name: textOf(dataset, "name"), digest: textOf(dataset, "digest"), sourceType: textOf(dataset, "source_type"), source: textOf(dataset, "source"), schema: given("schema"), profile: given("profile") },
        tags: recordOf(input, "tags"),
      };
    }),
    inputModels: listOf(inputs, "model_inputs").map((model) => ({ modelId: textOf(model, "model_id"), step: 0 })),
    outputModels: listOf(outputs, "model_outputs").map((model) => ({ modelId: textOf(model, "model_id"), step: numberOf(model, "step") })),
    latest: listOf(data, "metrics").map((metric) => ({ key: textOf(metric, "key"), step: numberOf(metric, "step"), time: numberOf(metric, "timestamp") })),
  };
}

async function* historyOf(api: ServerClient, runId: string, key: string): AsyncIterable<Series> {
  for (let token = ""; ; ) {
    const answer = await api.get("2.0/mlflow/metrics/get-history", { run_id: runId, metric_key: key, max_results: pageOfPoints, ...(token === "" ? {} : { page_token: token }) });
    const points = listOf(answer, "metrics");
    yield { key, steps: points.map((point) => numberOf(point, "step")), times: points.map((point) => numberOf(point, "timestamp")), values: points.map((point) => asLogged(Number(point["value"] ?? 0))) };
    token = textOf(answer, "next_page_token");
    if (token === "") return;
  }
}

const modelStatus: Readonly<Record<string, LoggedModelStatus>> = { LOGGED_MODEL_READY: "ready", LOGGED_MODEL_UPLOAD_FAILED: "failed" };

function readLoggedModel(message: Message): LoggedModel {
  const [info, data] = [message["info"] as Message, message["data"] as Message | undefined];
  return {
    id: textOf(info, "model_id"),
    experimentId: textOf(info, "experiment_id"),
    name: textOf(info, "name"),
    type: textOf(info, "model_type") || null,
    status: modelStatus[textOf(info, "status")] ?? "pending",
    sourceRunId: textOf(info, "source_run_id") || null,
    artifactUri: textOf(info, "artifact_uri"),
    createdAt: numberOf(info, "creation_timestamp_ms"),
    updatedAt: numberOf(info, "last_updated_timestamp_ms"),
    lifecycle: "active",
    params: pairsOf(data, "params"),
    tags: pairsOf(info, "tags"),
    metrics: listOf(data, "metrics").map((metric) => ({
      key: textOf(metric, "key"),
      value: asLogged(Number(metric["value"] ?? 0)),
      step: numberOf(metric, "step"),
      time: numberOf(metric, "timestamp"),
      runId: textOf(metric, "run_id"),
      datasetName: textOf(metric, "dataset_name"),
      datasetDigest: textOf(metric, "dataset_digest"),
    })),
  };
}

async function countTraces(api: ServerClient, experiments: readonly string[]): Promise<number> {
  let traces = 0;
  for (const id of experiments) {
    const locations = [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: id } }];
    const page = (page_token?: string) => api.post("3.0/mlflow/traces/search", { locations, max_results: 500, page_token }).catch(ifUnknown({}));
    for await (const _trace of inPages("traces", page)) traces++;
  }
  return traces;
}
