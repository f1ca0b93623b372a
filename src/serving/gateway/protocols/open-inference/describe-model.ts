import type { Endpoint, Variant } from "../../models/deployment.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import type { Datatype } from "../../tensors/tensor.ts";
import type { ProtocolContext } from "../protocol.ts";

/** What the server says of itself, and which extensions of the protocol it speaks. */
export const serverMetadata = ({ serverName, version }: ProtocolContext) => ({
  name: serverName,
  version,
  extensions: ["binary_tensor_data", "classification", "model_configuration", "model_repository", "schedule_policy", "statistics"],
});

/** The variant that answers for a version of an endpoint, or for the endpoint when it is absent. */
export const variantOf = (endpoint: Endpoint, version: string | undefined): Variant =>
  version === undefined ? endpoint.main : endpoint.version(version);

/** Whether a version of an endpoint could answer now; without a version, whether every variant with traffic could. */
export function modelReady(endpoint: Endpoint, version: string | undefined): boolean {
  if (version !== undefined) return endpoint.version(version).held.model.healthy();
  return endpoint.variants.every(({ weight, held }) => weight === 0 || held.model.healthy());
}

/** Inputs or outputs as they are announced. */
export const tensors = (specs: readonly TensorSpec[]) => specs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));

/** The metadata of an endpoint as one of its variants has them. */
export const modelMetadata = (endpoint: Endpoint, { held: { model } }: Variant) => ({
  name: endpoint.name,
  versions: [...new Set(endpoint.variants.map((variant) => variant.version))],
  platform: model.platform,
  inputs: tensors(model.inputs),
  outputs: tensors(model.outputs),
  parameters: parameters(model),
});

/**
 * What the protocol has no word for, where MLServer's metadata have it, too: whether there are rows (along `batch_axis`; no such parameter where a request is a
 * whole), and, which is another thing, whether they are independent, so that requests may be merged.
 */
const parameters = ({ rowwise, independentRows, dependence, remarks = [] }: Model): Readonly<Record<string, string | number | boolean>> => ({
  ...(rowwise && { batch_axis: 0 }),
  independent_rows: independentRows,
  ...(dependence !== undefined && { dependence }),
  ...(remarks.length > 0 && { remarks: remarks.join(" ") }),
});

const configType = (datatype: Datatype): string => `TYPE_${datatype === "BYTES" ? "STRING" : datatype}`;

/**
 * The configuration of a model in the words of Triton's ModelConfig: what there is, nothing that could be set
 * (triton-inference-server/common, protobuf/model_config.proto). The dimensions of a model that works row by row come
 * without the rows.
 */
export function modelConfig(endpoint: Endpoint, { held: { model, batcher } }: Variant) {
  const { rowwise } = model;
  const dims = (shape: readonly number[]) => {
    const own = rowwise ? shape.slice(1) : shape;
    return own.length > 0 ? { dims: own } : { dims: [1], reshape: { shape: [] } }; // a scalar, said as Triton says it
  };
  return {
    name: endpoint.name,
    platform: model.platform,
    max_batch_size: rowwise ? batcher.limits.waitingRows : 0,
    input: model.inputs.map(({ name, datatype, shape, optional }) => ({
      name,
      data_type: configType(datatype),
      ...dims(shape),
      optional: optional === true,
    })),
    output: model.outputs.map(({ name, datatype, shape }) => ({ name, data_type: configType(datatype), ...dims(shape) })),
    instance_group: [{ name: endpoint.name, kind: "KIND_CPU", count: model.concurrency }],
    ...(batcher.merges && { dynamic_batching: { max_queue_delay_microseconds: batcher.delayMs * 1000 } }),
    model_transaction_policy: { decoupled: model.stream !== undefined },
  };
}
