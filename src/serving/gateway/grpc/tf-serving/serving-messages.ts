import { invalid } from "../../../../errors.ts";
import type { ModelSpec } from "../../protocols/tf-serving/servable.ts";
import type { TensorProto } from "./tensor-proto.ts";

/** A 64-bit integer as protobufjs decodes it; its text is its digits. */
export interface Long {
  toNumber(): number;
  toString(): string;
}

/** ModelSpec as decoded. */
export interface ModelSpecMessage {
  readonly name: string;
  readonly version_choice?: "version" | "version_label";
  readonly version: { readonly value: Long } | null;
  readonly version_label: string;
  readonly signature_name: string;
}

export interface PredictRequest {
  readonly model_spec: ModelSpecMessage | null;
  readonly inputs: Readonly<Record<string, TensorProto>>;
  readonly output_filter: readonly string[];
}

/** Feature as decoded: the list that is set. */
export interface Feature {
  readonly kind?: "bytes_list" | "float_list" | "int64_list";
  readonly bytes_list: { readonly value: readonly Buffer[] } | null;
  readonly float_list: { readonly value: readonly number[] } | null;
  readonly int64_list: { readonly value: readonly Long[] } | null;
}

export interface ExampleMessage {
  readonly features: { readonly feature: Readonly<Record<string, Feature>> } | null;
}

export interface Input {
  readonly example_list: { readonly examples: readonly ExampleMessage[] } | null;
  readonly example_list_with_context: { readonly examples: readonly ExampleMessage[]; readonly context: ExampleMessage | null } | null;
}

/** ClassificationRequest and RegressionRequest. */
export interface ExamplesRequest {
  readonly model_spec: ModelSpecMessage | null;
  readonly input: Input | null;
}

export interface MultiInferenceRequest {
  readonly tasks: readonly { readonly model_spec: ModelSpecMessage | null; readonly method_name: string }[];
  readonly input: Input | null;
}

export interface GetModelMetadataRequest {
  readonly model_spec: ModelSpecMessage | null;
  readonly metadata_field: readonly string[];
}

/** ModelConfig of a ReloadConfigRequest. */
export interface ModelConfigMessage {
  readonly name: string;
  readonly base_path: string;
  readonly model_version_policy: {
    readonly policy_choice?: "latest" | "all" | "specific";
    readonly latest: { readonly num_versions: number } | null;
    readonly specific: { readonly versions: readonly Long[] } | null;
  } | null;
  readonly version_labels: Readonly<Record<string, Long>>;
}

export interface ReloadConfigRequest {
  readonly config: { readonly model_config_list: { readonly config: readonly ModelConfigMessage[] } | null } | null;
}

/** The model that a message asks for. */
export function readModelSpec(message: ModelSpecMessage | null): ModelSpec {
  if (!message) throw invalid("serving.bad_request", "Missing ModelSpec");
  const { name, version, version_label: label, version_choice: choice, signature_name: signature } = message;
  if (choice === "version") return { name, version: String(version!.value), signature };
  return choice === "version_label" ? { name, label, signature } : { name, signature };
}

/** The model that answered, as it is written; a version that is no number is left out. */
export const writeModelSpec = (name: string, version: string, signature: string) => ({
  name,
  signature_name: signature,
  ...(/^\d{1,15}$/.test(version) && { version: { value: Number(version) } }),
});
