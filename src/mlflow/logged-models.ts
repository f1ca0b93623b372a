import { randomUUID } from "node:crypto";
import { listRegistrations } from "../registry/registrations.ts";
import type { House } from "../stage.ts";
import { writeTogether } from "../storage/group-commit.ts";
import {
  createLoggedModel,
  deleteLoggedModel,
  deleteModelTag,
  finishLoggedModel,
  logModelParams,
  readLoggedModel,
  setModelTags,
} from "../tracking/logged-models.ts";
import type { LoggedModel } from "../tracking/types.ts";
import { listBelow } from "./artifacts.ts";
import { metricMessage } from "./entity-messages.ts";
import { checkKey } from "./limits.ts";
import { boolean, keyValue, list, oneOf, orElse, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";

const statuses = { LOGGED_MODEL_STATUS_UNSPECIFIED: 0, LOGGED_MODEL_PENDING: 1, LOGGED_MODEL_READY: 2, LOGGED_MODEL_UPLOAD_FAILED: 3 } as const;
const statusOf = { LOGGED_MODEL_STATUS_UNSPECIFIED: "pending", LOGGED_MODEL_PENDING: "pending", LOGGED_MODEL_READY: "ready", LOGGED_MODEL_UPLOAD_FAILED: "failed" } as const;
const statusName = { pending: "LOGGED_MODEL_PENDING", ready: "LOGGED_MODEL_READY", failed: "LOGGED_MODEL_UPLOAD_FAILED" } as const;

const path = "2.0/mlflow/logged-models";
const id = { model_id: required(string) };

/** Logged models as MLflow's messages, with the versions they were registered as. */
export async function loggedModelMessages(house: House, models: readonly LoggedModel[]): Promise<object[]> {
  const registrations = await listRegistrations(house.db, models.map((model) => model.id));
  return models.map((model) => ({
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdAt,
      last_updated_timestamp_ms: model.updatedAt,
      artifact_uri: model.artifactUri,
      status: statusName[model.status],
      model_type: model.type ?? "",
      source_run_id: model.sourceRunId ?? "",
      tags: model.tags,
      registrations: registrations.filter((one) => one.loggedModelId === model.id).map(({ name, version }) => ({ name, version: String(version) })),
    },
    data: { params: model.params, metrics: metricMessages(model) },
  }));
}

/** Metrics of a logged model, each with where it was measured. */
export const metricMessages = (model: LoggedModel): object[] =>
  model.metrics.map((metric) => ({
    ...metricMessage(metric),
    model_id: model.id,
    run_id: metric.runId,
    dataset_name: metric.datasetName === "" ? undefined : metric.datasetName,
    dataset_digest: metric.datasetDigest === "" ? undefined : metric.datasetDigest,
  }));

const answer = async (house: House, modelId: string, options: { readonly allowDeleted?: boolean } = {}): Promise<object> => ({
  model: (await loggedModelMessages(house, [await readLoggedModel(house.db, modelId, options)]))[0],
});

export const loggedModelRpcs: readonly Rpc[] = [
  rpc(
    "POST",
    path,
    { experiment_id: required(string), name: string, model_type: string, source_run_id: string, params: list(keyValue), tags: list(keyValue) },
    async (house, request) => {
      const input = {
        id: `m-${randomUUID().replaceAll("-", "")}`,
        experimentId: request.experiment_id,
        name: request.name === "" ? undefined : request.name,
        type: request.model_type,
        sourceRunId: request.source_run_id,
        params: request.params,
        tags: request.tags,
        now: house.clock.now(),
      };
      await writeTogether(house.db, (transaction) => createLoggedModel(transaction, input));
      return answer(house, input.id);
    },
  ),
  rpc("GET", `${path}/:model_id`, { ...id, allow_deleted: orElse(boolean, false) }, async (house, request) => answer(house, request.model_id, { allowDeleted: request.allow_deleted })),
  rpc("PATCH", `${path}/:model_id`, { ...id, status: required(oneOf(statuses)) }, async (house, { model_id, status }) => {
    await writeTogether(house.db, (transaction) => finishLoggedModel(transaction, model_id, statusOf[status], house.clock.now()));
    return answer(house, model_id);
  }),
  rpc("DELETE", `${path}/:model_id`, id, async (house, { model_id }) => {
    await writeTogether(house.db, (transaction) => deleteLoggedModel(transaction, model_id, house.clock.now()));
    return {};
  }),
  rpc("PATCH", `${path}/:model_id/tags`, { ...id, tags: list(keyValue) }, async (house, { model_id, tags }) => {
    for (const [index, { key }] of tags.entries()) checkKey(key, `tags[${index}].key`);
    await writeTogether(house.db, (transaction) => setModelTags(transaction, model_id, tags));
    return answer(house, model_id);
  }),
  rpc("DELETE", `${path}/:model_id/tags/:tag_key`, { ...id, tag_key: required(string) }, async (house, { model_id, tag_key }) => {
    await writeTogether(house.db, (transaction) => deleteModelTag(transaction, model_id, tag_key));
    return {};
  }),
  rpc("POST", `${path}/:model_id/params`, { ...id, params: list(keyValue) }, async (house, { model_id, params }) => {
    await writeTogether(house.db, (transaction) => logModelParams(transaction, model_id, params));
    return {};
  }),
  rpc("GET", `${path}/:model_id/artifacts/directories`, { ...id, artifact_directory_path: orElse(string, ""), page_token: string }, async (house, request) =>
    listBelow(house, (await readLoggedModel(house.db, request.model_id)).artifactUri, request.artifact_directory_path),
  ),
];
