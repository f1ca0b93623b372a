import { notFound } from "../../../../errors.ts";
import type { VersionStatus } from "../../models/repository.ts";
import type { ProtocolContext } from "../protocol.ts";
import { tensors } from "../open-inference/describe-model.ts";
import { served, servedVersion } from "./management.ts";

const mostListed = 100;

/** A page of the models by name; `nextPageToken` leads to the next. pytorch/serve, docs/management_api.md, "List models". */
export function listModels(context: ProtocolContext, limit = mostListed, from = 0): unknown {
  const { repository } = context;
  const models = served(repository).filter(({ isDefault }) => isDefault).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const first = Math.max(0, from);
  const last = first + (limit < 0 || limit > mostListed ? mostListed : limit);
  return {
    ...(last < models.length && { nextPageToken: String(last) }),
    models: models.slice(first, last).map((model) => whereFrom(model, context)),
  };
}

/** A model's name and place. SageMaker gave the place of a multi-model endpoint as `/opt/ml/models/ID/model`, whatever lies in it. */
export function whereFrom({ name, location }: VersionStatus, { multiModel }: ProtocolContext): { modelName: string; modelUrl: string } {
  const given = multiModel ? /^(.*?\/models\/[^/]+\/model)\//.exec(location)?.[1] : undefined;
  return { modelName: name, modelUrl: given ?? location };
}

/** The version asked for, the default one, or `all`; `customized` adds what the model takes and gives. */
export function describeModel(context: ProtocolContext, name: string, version: string | undefined, customized: boolean): unknown[] {
  const versions = version === "all" ? served(context.repository, name) : [servedVersion(context.repository, name, version)];
  return versions.map((one) => describeVersion(context, one, customized));
}

function describeVersion({ deployment }: ProtocolContext, { name, version, location, options, state }: VersionStatus, customized: boolean): unknown {
  const variant = deployment().endpoints.get(name)?.variants.find((one) => one.version === version);
  if (!variant) throw notFound("serving.unknown_version", `Model version: ${version} of ${name} is ${state.toLowerCase()}; ask again.`);
  const { model, batcher } = variant.held;
  const workers = model.concurrency;
  return {
    modelName: name,
    modelVersion: version,
    modelUrl: location,
    engine: model.platform,
    runtime: variant.runtime ?? model.platform,
    minWorkers: workers,
    maxWorkers: workers,
    ...(options.runTimeoutMs !== undefined && { responseTimeout: options.runTimeoutMs / 1000 }),
    ...(options.loadTimeoutMs !== undefined && { startupTimeout: options.loadTimeoutMs / 1000 }),
    workers: Array.from({ length: workers }, (_, index) => ({
      id: String(9000 + index),
      status: model.healthy() ? "READY" : "UNHEALTHY",
      memoryUsage: Math.round(model.memoryBytes / workers),
      gpu: false,
    })),
    jobQueueStatus: { pendingRequests: batcher.waitingRequests },
    ...(customized && { customizedMetadata: { inputs: tensors(model.inputs), outputs: tensors(model.outputs), ...(model.classes && { classes: model.classes }) } }),
  };
}
