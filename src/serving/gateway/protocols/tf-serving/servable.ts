import { invalid, notFound } from "../../../../errors.ts";
import type { Endpoint } from "../../models/deployment.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import type { ProtocolContext } from "../protocol.ts";

/** What a request asks for: tensorflow/serving, tensorflow_serving/apis/model.proto, ModelSpec. */
export interface ModelSpec {
  readonly name: string;
  readonly version?: string;
  readonly label?: string;
  /** "" asks for the default. */
  readonly signature: string;
}

/** The signature of a SavedModel that answers where a request names none; of our models the only one. */
export const defaultSignature = "serving_default";

/** The endpoint that a request asks for, with the version or label it asks for. Fails in the words that clients of TensorFlow Serving look for. */
export function findServable(context: ProtocolContext, { name, version, label }: Omit<ModelSpec, "signature">): Endpoint {
  if (name === "") throw invalid("serving.bad_request", "ModelSpec has no name specified.");
  const endpoint = context.deployment().endpoints.get(name);
  if (label !== undefined && !(endpoint && Object.hasOwn(endpoint.labels, label))) {
    const labels = Object.keys(endpoint?.labels ?? {});
    throw invalid("serving.unrecognized_label", `Unrecognized servable version label: ${label}${thereIs(labels)}`);
  }
  if (!endpoint) {
    const asked = version === undefined ? `Latest(${name})` : `Specific(${name}, ${version})`;
    throw notFound("serving.unknown_model", `Servable not found for request: ${asked}${thereIs([...context.deployment().endpoints.keys()])}`);
  }
  if (version !== undefined && !endpoint.variants.some((variant) => variant.version === version)) {
    const versions = new Set(endpoint.variants.map((variant) => variant.version));
    throw notFound("serving.unknown_version", `Servable not found for request: Specific(${name}, ${version})${thereIs([...versions])}`);
  }
  return endpoint;
}

const thereIs = (names: readonly string[]): string => (names.length === 0 ? "" : ` (there is: ${names.join(", ")})`);

/** The names by which requests may ask for the one signature of a model. */
export const signatureNames = ({ signatures }: ProtocolContext): readonly string[] => [defaultSignature, ...(signatures ?? [])];

/** The signature that a request names, or the default. Fails with `serving.unknown_signature`, a failed precondition in gRPC. */
export function findSignature(context: ProtocolContext, name: string): string {
  const names = signatureNames(context);
  if (name === "" || names.includes(name)) return name || defaultSignature;
  throw invalid("serving.unknown_signature", `Serving signature key "${name}" not found${thereIs(names)}; --tf-signature has the gateway take another name for it.`);
}

const named = ({ inputs }: Model): readonly TensorSpec[] => [...(inputs[0]?.columns ?? []), ...inputs];

/** The inputs that a request may name: those of the model, the columns of its matrix, and those that another variant of its endpoint takes. */
export function inputSpecs(endpoint: Endpoint, model: Model): ReadonlyMap<string, TensorSpec> {
  const specs = new Map(named(model).map((spec) => [spec.name, spec]));
  if (endpoint.inputNames.size === specs.size) return specs;
  for (const { held } of endpoint.variants) {
    for (const spec of named(held.model)) if (!specs.has(spec.name)) specs.set(spec.name, spec);
  }
  return specs;
}
