import { writeTogether } from "../storage/group-commit.ts";
import { announceMetrics, announceRun } from "../tracking/changes.ts";
import { logDatasets, logModels, type DatasetInput } from "../tracking/inputs.ts";
import { deleteRunTag, logMetrics, logParams, setRunTags, type LoggedPoint } from "../tracking/log-batch.ts";
import { readRunDetails } from "../tracking/run-details.ts";
import { requireActiveRun } from "../tracking/runs.ts";
import { checkBatch, checkKey, checkLengths } from "./limits.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { double, integer, keyValue, list, message, orElse, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { runFields, runIdOf } from "./runs.ts";
import type { House } from "../stage.ts";
import type { Database } from "../storage/database.ts";

const path = "2.0/mlflow/runs";

const metricFields = {
  key: required(string),
  value: required(double),
  timestamp: required(integer),
  step: orElse(integer, 0),
  model_id: string,
  dataset_name: string,
  dataset_digest: string,
};

interface MetricRequest {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly model_id: string | undefined;
  readonly dataset_name: string | undefined;
  readonly dataset_digest: string | undefined;
}

const pointOf = (metric: MetricRequest, name: string | (() => string)): LoggedPoint => ({
  key: checkKey(metric.key, name),
  value: metric.value,
  step: metric.step,
  time: metric.timestamp,
  modelId: metric.model_id,
  datasetName: metric.dataset_name,
  datasetDigest: metric.dataset_digest,
});

/** The tag in which clients of MLflow 1 and 2 list the models of a run. */
const historyTag = "mlflow.log-model.history";
const modelKeys = ["artifact_path", "flavors", "utc_time_created", "run_id"];

/** What such a client says of a model: its MLmodel as JSON. */
function readModelJson(text: string): object {
  let model: unknown;
  try {
    model = JSON.parse(text);
  } catch {
    throw invalidParameter(`Malformed model info. \n ${text} \n is not a valid JSON.`);
  }
  const missing = modelKeys.filter((key) => typeof model !== "object" || model === null || !(key in model));
  if (missing.length > 0) throw invalidParameter(`Model json is missing mandatory fields: ${missing.join(", ")}`);
  return model as object;
}

/** What those who watch a run are told of. */
interface Written {
  readonly points?: readonly LoggedPoint[];
  readonly run?: boolean;
}

/** Writes to an active run: together with what others write now, whole or not at all. */
async function writeToRun(house: House, runId: string, write: (transaction: Database) => Promise<void>, written: Written = { run: true }): Promise<object> {
  await writeTogether(house.db, async (transaction) => {
    await requireActiveRun(transaction, runId);
    await write(transaction);
  });
  if (written.points) await announceMetrics(house, runId, written.points);
  if (written.run) await announceRun(house, runId);
  return {};
}

const datasetInput = message({
  tags: list(keyValue),
  dataset: required(
    message({ name: required(string), digest: required(string), source_type: required(string), source: required(string), schema: string, profile: string }),
  ),
});

export const loggingRpcs: readonly Rpc[] = [
  rpc("POST", `${path}/log-metric`, { ...runFields, ...metricFields }, async (house, request) => {
    const [id, point] = [runIdOf(request), pointOf(request, "name")];
    return writeToRun(house, id, (transaction) => logMetrics(transaction, id, [point]), { points: [point] });
  }),
  rpc("POST", `${path}/log-parameter`, { ...runFields, key: required(string), value: orElse(string, "") }, async (house, request) => {
    const [id, key] = [runIdOf(request), checkKey(request.key, "key")];
    return writeToRun(house, id, (transaction) => logParams(transaction, id, [[key, request.value]]));
  }),
  rpc("POST", `${path}/set-tag`, { ...runFields, key: required(string), value: orElse(string, "") }, async (house, request) => {
    const [id, key] = [runIdOf(request), checkKey(request.key, "key")];
    return writeToRun(house, id, (transaction) => setRunTags(transaction, id, new Map([[key, request.value]])));
  }),
  rpc("POST", `${path}/delete-tag`, { ...runFields, key: required(string) }, async (house, request) => {
    const id = runIdOf(request);
    return writeToRun(house, id, (transaction) => deleteRunTag(transaction, id, request.key));
  }),
  rpc("POST", `${path}/log-batch`, { ...runFields, metrics: list(message(metricFields)), params: list(keyValue), tags: list(keyValue) }, async (house, request) => {
    const id = runIdOf(request);
    checkBatch({ metrics: request.metrics.length, params: request.params.length, tags: request.tags.length });
    const points = request.metrics.map((metric, index) => pointOf(metric, () => `metrics[${index}].name`));
    const params = request.params.map(({ key, value }, index): [string, string] => [checkKey(key, `params[${index}].key`), value]);
    const tags = new Map(request.tags.map(({ key, value }, index) => [checkKey(key, `tags[${index}].key`), value]));
    const repeated = params.find(([key, value], index) => params.some(([other, otherValue], at) => at < index && other === key && otherValue !== value));
    if (repeated) throw invalidParameter(`Duplicate parameter keys have been submitted: ${repeated[0]}, with different values. A param can be logged once.`);
    const write = async (transaction: Database): Promise<void> => {
      await logParams(transaction, id, params);
      await setRunTags(transaction, id, tags);
      await logMetrics(transaction, id, points);
    };
    return writeToRun(house, id, write, { points, run: params.length + tags.size > 0 });
  }),
  rpc("POST", `${path}/log-inputs`, { run_id: required(string), datasets: list(datasetInput), models: list(message({ model_id: required(string) })) }, async (house, request) => {
    const inputs = request.datasets.map(({ dataset, tags }): DatasetInput => {
      const { source_type, ...rest } = dataset;
      checkLengths(rest, { name: 500, digest: 36, source: 65_535, schema: 1_048_575, profile: 16_777_215 });
      for (const tag of tags) checkLengths(tag, { key: 255, value: 500 });
      return { dataset: { ...rest, sourceType: source_type }, tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) };
    });
    return writeToRun(house, request.run_id, async (transaction) => {
      await logDatasets(transaction, request.run_id, inputs);
      await logModels(transaction, request.run_id, "input", request.models.map(({ model_id }) => ({ modelId: model_id, step: 0 })));
    });
  }),
  rpc("POST", `${path}/log-model`, { ...runFields, model_json: required(string) }, async (house, request) => {
    const [id, model] = [runIdOf(request), readModelJson(request.model_json)];
    return writeToRun(house, id, async (transaction) => {
      const { tags } = await readRunDetails(transaction, id);
      const history = JSON.parse(tags.find(({ key }) => key === historyTag)?.value ?? "[]") as unknown[];
      await setRunTags(transaction, id, new Map([[historyTag, JSON.stringify([...history, model])]]));
    });
  }),
  rpc("POST", `${path}/outputs`, { run_id: required(string), models: list(message({ model_id: required(string), step: orElse(integer, 0) })) }, async (house, { run_id, models }) =>
    writeToRun(house, run_id, (transaction) => logModels(transaction, run_id, "output", models.map(({ model_id, step }) => ({ modelId: model_id, step })))),
  ),
];
