import type { TensorContents, TypedElements } from "./tensor-contents.ts";

/** A 64-bit integer as protobufjs decodes it. */
export interface Long {
  toNumber(): number;
}

/** InferParameter as decoded: the field that is set, named by `parameter_choice`. */
export type InferParameter = { readonly parameter_choice?: string } & Readonly<Record<string, unknown>>;
export type ParameterMap = Readonly<Record<string, InferParameter>>;

/** ModelInferRequest as decoded; absent fields are empty. */
export interface ModelInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: ParameterMap;
  readonly inputs: readonly InferInputTensor[];
  readonly outputs: readonly { readonly name: string; readonly parameters: ParameterMap }[];
  readonly raw_input_contents: readonly Buffer[];
}

export interface InferInputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly Long[];
  readonly parameters: ParameterMap;
  readonly contents: TensorContents | null;
}

/** ModelInferResponse as encoded. */
export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, { readonly string_param: string } | { readonly bool_param: boolean }>>;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly contents?: TypedElements;
  }[];
  readonly raw_output_contents: readonly Uint8Array[];
}

/** ModelStreamInferResponse as encoded. */
export interface ModelStreamInferResponse {
  readonly error_message?: string;
  readonly infer_response?: ModelInferResponse;
}
