import { invalid } from "../../../../errors.ts";
import type { InferenceRequest } from "../../inference-request.ts";
import { contentOf } from "../../protocols/open-inference/base64-content.ts";
import { fromBinary } from "../../protocols/open-inference/binary-tensors.ts";
import { noClasses, readClassification, readId, readRequestParameters, refuseSharedMemory } from "../../protocols/open-inference/request-parameters.ts";
import type { Parameters } from "../../protocols/open-inference/request-parameters.ts";
import { datatypes, elementCount } from "../../tensors/tensor.ts";
import type { Datatype, Tensor, Values } from "../../tensors/tensor.ts";
import type { GrpcCall } from "../grpc-service.ts";
import type { InferInputTensor, Long, ModelInferRequest, ParameterMap } from "./infer-messages.ts";
import { fieldOf } from "./tensor-contents.ts";

/** A request for predictions and how its answer is wanted. */
export interface ReadRequest {
  readonly inference: InferenceRequest;
  /** Outputs as raw bytes; else in typed contents where their datatype has such. */
  readonly raw: boolean;
  /** Outputs wanted as their largest classes, and how many of them. */
  readonly classes: ReadonlyMap<string, number>;
  readonly parameters: Parameters;
}

/** Reads a ModelInferRequest. The answer comes in the form of the inputs unless `binary_data_output` says otherwise. */
export function readInferRequest(message: ModelInferRequest, call: GrpcCall): ReadRequest {
  const parameters = plain(message.parameters);
  const { timeoutMs, ...rest } = readRequestParameters(parameters);
  const rawInputs = message.raw_input_contents.length > 0;
  const rawOutputs = parameters["binary_data_output"];
  return {
    inference: {
      endpoint: message.model_name,
      version: message.model_version || undefined,
      id: readId(message.id),
      ...rest,
      timeoutMs: sooner(timeoutMs, call.timeoutMs),
      parameters,
      inputs: readInputs(message, rawInputs),
      outputs: message.outputs.length > 0 ? outputNames(message) : undefined,
      header: call.header,
      signal: () => call.signal,
    },
    raw: typeof rawOutputs === "boolean" ? rawOutputs : rawInputs,
    classes: readClasses(message),
    parameters,
  };
}

const sooner = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? (a ?? b) : Math.min(a, b));

/** Parameters as plain values; 64-bit integers as numbers. */
export function plain(parameters: ParameterMap): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const value = parameter.parameter_choice === undefined ? undefined : parameter[parameter.parameter_choice];
      return [name, typeof value === "object" && value !== null && "toNumber" in value ? (value as Long).toNumber() : value];
    }),
  );
}

function readInputs({ inputs, raw_input_contents: raw, model_name: model }: ModelInferRequest, rawInputs: boolean): Tensor[] {
  if (inputs.length === 0) throw invalid("serving.bad_request", `"inputs" must have at least one tensor.`);
  if (rawInputs && raw.length !== inputs.length) {
    throw invalid("serving.bad_request", `raw_input_contents has ${raw.length} elements for ${inputs.length} inputs; it must have one for each, or none.`);
  }
  const names = new Set<string>();
  return inputs.map((input, index) => {
    const where = `inputs[${index}] ("${input.name}")`;
    if (names.has(input.name)) throw invalid("serving.bad_request", `${where} is there twice.`);
    names.add(input.name);
    refuseSharedMemory(input.parameters, where);
    if (!datatypes.has(input.datatype)) {
      throw invalid("serving.bad_datatype", `${where}: the datatype "${input.datatype}" must be one of ${[...datatypes.keys()].join(", ")}.`);
    }
    const datatype = input.datatype as Datatype;
    const shape = input.shape.map((size) => size.toNumber());
    const count = elementCount(shape, where);
    if (rawInputs && input.contents !== null && Object.keys(input.contents).length > 0) {
      throw invalid("serving.bad_request", `contents field must not be specified when using raw_input_contents for '${input.name}' for model '${model}'`);
    }
    const data = rawInputs ? fromBinary(raw[index], datatype, count, where, "its raw contents have") : typed(input, datatype, count, where);
    return { name: input.name, datatype, shape, data: contentOf(data, datatype, input.parameters["content_type"]?.["string_param"], where) };
  });
}

function typed({ contents }: InferInputTensor, datatype: Datatype, count: number, where: string): Values {
  const field = fieldOf[datatype];
  if (!field) throw invalid("serving.bad_request", `${where}: ${datatype} has no typed contents; send it in raw_input_contents.`);
  const other = Object.keys(contents ?? {}).find((name) => name !== field);
  if (other !== undefined) throw invalid("serving.bad_request", `${where}: ${datatype} comes in contents.${field}, not in ${other}.`);
  const values = contents?.[field] ?? [];
  if (values.length !== count) {
    throw invalid("serving.bad_length", `${where}: the shape asks for ${count} elements, and contents.${field} has ${values.length}.`);
  }
  const { array, range } = datatypes.get(datatype)!;
  if (!array || values.constructor === array) return values;
  // Eight and sixteen bits come in fields of 32, an empty tensor in none.
  const narrow = new array(count);
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    if (value < range[0] || value > range[1]) {
      throw invalid("serving.bad_value", `${where}: contents.${field}[${i}] is ${value}; ${datatype} takes integers from ${range[0]} to ${range[1]}.`);
    }
    narrow[i] = value;
  }
  return narrow;
}

function outputNames({ outputs }: ModelInferRequest): string[] {
  const names = new Set<string>();
  for (const [index, { name }] of outputs.entries()) {
    if (names.has(name)) throw invalid("serving.bad_request", `outputs[${index}]: "${name}" is there twice.`);
    names.add(name);
  }
  return [...names];
}

function readClasses({ outputs }: ModelInferRequest): ReadonlyMap<string, number> {
  let counts: Map<string, number> | undefined;
  for (const [index, { name, parameters }] of outputs.entries()) {
    refuseSharedMemory(parameters, `outputs[${index}]`);
    const count = readClassification(plain(parameters)["classification"], `outputs[${index}]`);
    if (count !== undefined) (counts ??= new Map()).set(name, count);
  }
  return counts ?? noClasses;
}
