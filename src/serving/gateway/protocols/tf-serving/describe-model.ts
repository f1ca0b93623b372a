import { notFound } from "../../../../errors.ts";
import type { VersionState, VersionStatus } from "../../models/repository.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import type { ProtocolContext } from "../protocol.ts";
import { dtypes } from "./dtypes.ts";
import type { ModelSpec } from "./servable.ts";
import { signatureNames } from "./servable.ts";

/** TensorInfo as JSON: tensorflow/core/protobuf/meta_graph.proto. */
interface TensorInfo {
  readonly dtype: string;
  readonly tensor_shape: { readonly dim: readonly { readonly size: string; readonly name: string }[]; readonly unknown_rank: boolean };
  readonly name: string;
}

export interface SignatureDef {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
  readonly method_name: string;
}

/** The inputs and outputs of a model as signatures of a SavedModel: one, under each name that requests may give it. */
export function signatureDefs(context: ProtocolContext, model: Model): Record<string, SignatureDef> {
  const signature = { inputs: infos(model.inputs), outputs: infos(model.outputs), method_name: "tensorflow/serving/predict" };
  return Object.fromEntries(signatureNames(context).map((name) => [name, signature]));
}

const infos = (specs: readonly TensorSpec[]): Record<string, TensorInfo> =>
  Object.fromEntries(
    specs.map(({ name, datatype, shape, anyRank }) => [
      name,
      { dtype: dtypes[datatype].name, tensor_shape: { dim: shape.map((size) => ({ size: String(size), name: "" })), unknown_rank: anyRank === true }, name: `${name}:0` },
    ]),
  );

/** ModelVersionStatus: tensorflow_serving/apis/get_model_status.proto. */
export interface ModelVersionStatus {
  readonly version: string;
  readonly state: "LOADING" | "AVAILABLE" | "UNLOADING" | "END";
  readonly status: { readonly error_code: "OK" | "UNKNOWN"; readonly error_message: string };
}

const states: Readonly<Record<VersionState, ModelVersionStatus["state"]>> = { READY: "AVAILABLE", LOADING: "LOADING", UNLOADING: "UNLOADING", UNAVAILABLE: "END" };

/**
 * The versions of a model that were asked to be served, or the one that a request names, by version or label. Fails with
 * 404 in the words of tensorflow_serving/model_servers/get_model_status_impl.cc.
 */
export function versionStatus(context: ProtocolContext, { name, version, label }: Omit<ModelSpec, "signature">): ModelVersionStatus[] {
  const known = context.repository.index().filter((one) => one.name === name && one.version !== "");
  const asked = label === undefined ? version : context.deployment().endpoints.get(name)?.labels[label];
  if (asked !== undefined || label !== undefined) {
    const one = known.find((status) => status.version === asked);
    if (one) return [statusOf(one)];
    throw notFound("serving.unknown_version", `Could not find version ${asked ?? `with the label ${label}`} of model ${name}`);
  }
  // What lies beside the served versions and was never asked for is no version to TensorFlow Serving.
  const wanted = known.filter(({ state, reason }) => state !== "UNAVAILABLE" || reason !== "unloaded");
  if (known.length === 0) throw notFound("serving.unknown_model", `Could not find any versions of model ${name}`);
  return (wanted.length > 0 ? wanted : known).map(statusOf);
}

const statusOf = ({ version, state, reason }: VersionStatus): ModelVersionStatus => {
  const failed = state === "UNAVAILABLE" && reason !== "unloaded";
  return { version, state: states[state], status: { error_code: failed ? "UNKNOWN" : "OK", error_message: failed ? reason : "" } };
};
