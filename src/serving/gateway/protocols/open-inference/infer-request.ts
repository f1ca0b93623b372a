import { invalid, MillraceError } from "../../../../errors.ts";
import type { InferenceRequest } from "../../inference-request.ts";
import { contentOf } from "./base64-content.ts";
import { BinaryTensors } from "./binary-tensors.ts";
import { noClasses, readClassification, readId, readRequestParameters, refuseSharedMemory } from "./request-parameters.ts";
import { NumberList } from "../../tensors/number-lists/number-list.ts";
import { parseJsonBody } from "../../tensors/number-lists/parse-body.ts";
import type { Input } from "../../tensors/input.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { deepest, readValues } from "../../tensors/read-values.ts";
import { shown } from "../../tensors/shown.ts";
import { datatypes, elementCount } from "../../tensors/tensor.ts";
import type { Datatype, Values } from "../../tensors/tensor.ts";

export interface InferRequest {
  readonly inference: Omit<InferenceRequest, "endpoint" | "version">;
  /** Whether an output is wanted as raw bytes behind the JSON. */
  readonly binary: (output: string) => boolean;
  /** Outputs wanted as their largest classes, and how many of them. */
  readonly classes: ReadonlyMap<string, number>;
}

/**
 * Reads the body of an infer request; `headerLength` is the value of Inference-Header-Content-Length, which tells
 * where raw tensors begin.
 */
export function readInferRequest(body: Buffer, headerLength: string | undefined): InferRequest {
  const jsonLength = headerLength === undefined ? body.length : jsonBytes(headerLength, body.length);
  const request = parseObject(jsonLength === body.length ? body : body.subarray(0, jsonLength));
  const binary = new BinaryTensors(body.subarray(jsonLength));
  const parameters = optionalObject(request["parameters"], "parameters");
  const outputs = readOutputs(request["outputs"]);
  const allBinary = parameters?.["binary_data_output"] === true;
  const inputs = readInputs(request["inputs"], binary);
  binary.end();
  return {
    inference: {
      id: readId(request["id"]),
      ...readRequestParameters(parameters),
      parameters,
      inputs,
      outputs: outputs && [...outputs.keys()],
    },
    binary: (output) => outputs?.get(output)?.binary ?? allBinary,
    classes: classCounts(outputs),
  };
}

function jsonBytes(headerLength: string, bodyLength: number): number {
  const length = /^\d{1,15}$/.test(headerLength) ? Number(headerLength) : NaN;
  if (length > 0 && length <= bodyLength) return length;
  throw invalid(
    "serving.bad_header_length",
    `The header Inference-Header-Content-Length is "${headerLength}"; it must be the length of the JSON part, from 1 to ${bodyLength}.`,
  );
}

function parseObject(json: Buffer): JsonObject {
  const value = parseJsonBody(json, ["data"]);
  if (!isObject(value))
    throw invalid("serving.bad_request", `The body must be a JSON object with "inputs", not ${kindOf(value)}.`);
  return value;
}

function readInputs(value: unknown, binary: BinaryTensors): Input[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid(
      "serving.bad_request",
      `"inputs" must be a list of at least one tensor {name, shape, datatype, data}, not ${kindOf(value)}.`,
    );
  }
  const names = new Set<string>();
  return value.map((input: unknown, index) => {
    const tensor = readInput(input, `inputs[${index}]`, binary);
    if (names.has(tensor.name))
      throw invalid("serving.bad_request", `inputs[${index}]: "${tensor.name}" is there twice.`);
    names.add(tensor.name);
    return tensor;
  });
}

function readInput(value: unknown, at: string, binary: BinaryTensors): Input {
  if (!isObject(value))
    throw invalid(
      "serving.bad_request",
      `${at} must be an object {name, shape, datatype, data}, not ${kindOf(value)}.`,
    );
  const { name, datatype, shape, data } = value;
  if (typeof name !== "string")
    throw invalid("serving.bad_request", `${at}: "name" must be a string, not ${kindOf(name)}.`);
  const where = `${at} ("${name}")`;
  if (typeof datatype !== "string" || !datatypes.has(datatype)) {
    throw invalid(
      "serving.bad_datatype",
      `${where}: the datatype ${datatype === undefined ? "is missing and" : shown(datatype)} must be one of ${[...datatypes.keys()].join(", ")}.`,
    );
  }
  const type = datatype as Datatype;
  const count = elementCount(shape, where);
  const parameters = optionalObject(value["parameters"], `${where}.parameters`);
  refuseSharedMemory(parameters, where);
  const size = parameters?.["binary_data_size"];
  if (size === undefined && !Array.isArray(data) && !(data instanceof NumberList)) throw invalid("serving.bad_request", `${where}: "data" must be a list, not ${kindOf(data)}.`);
  let values: Values;
  try {
    values = size === undefined ? readValues(data, type, count, where) : binary.take(size, type, count, where);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== "serving.bad_value" || parameters?.["content_type"] === "base64") throw error;
    const value = data instanceof NumberList ? data.toLists() : data;
    // Whether `true` under BYTES, "41.5" under FP32, or an integer that FP32 does not hold has a meaning is for the model to say.
    if (datatype !== "BYTES" && datatypes.get(datatype)!.integer && !hasOtherKind(value)) throw error;
    const refusedUnless = datatype === "BYTES" || hasOtherKind(value) ? undefined : "number";
    return { name, shape: shape as number[], value, where, refusal: error, ...(refusedUnless && { refusedUnless }) };
  }
  const content = parameters ? contentOf(values, type, parameters["content_type"], where) : values;
  return { name, datatype: type, shape: shape as number[], data: content };
}

/** Whether something else than a number is among the elements. */
const hasOtherKind = (value: unknown, depth = 0): boolean =>
  Array.isArray(value) ? depth <= deepest && value.some((inner) => hasOtherKind(inner, depth + 1)) : typeof value === "string" || typeof value === "boolean";

interface WantedOutput {
  /** As the request says when undefined. */
  readonly binary: boolean | undefined;
  readonly classes: number | undefined;
}

function classCounts(outputs: ReadonlyMap<string, WantedOutput> | undefined): ReadonlyMap<string, number> {
  if (!outputs) return noClasses;
  const counts = new Map<string, number>();
  for (const [name, { classes }] of outputs) if (classes !== undefined) counts.set(name, classes);
  return counts;
}

/** The outputs asked for. */
function readOutputs(value: unknown): ReadonlyMap<string, WantedOutput> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value))
    throw invalid("serving.bad_request", `"outputs" must be a list of {name}, not ${kindOf(value)}.`);
  if (value.length === 0) return undefined;
  const outputs = new Map<string, WantedOutput>();
  for (const [index, output] of (value as unknown[]).entries()) {
    const at = `outputs[${index}]`;
    if (!isObject(output) || typeof output["name"] !== "string") {
      throw invalid("serving.bad_request", `${at} must be an object with a "name".`);
    }
    const { name } = output;
    if (outputs.has(name)) throw invalid("serving.bad_request", `${at}: "${name}" is there twice.`);
    const parameters = optionalObject(output["parameters"], `${at}.parameters`);
    refuseSharedMemory(parameters, at);
    const binary = parameters?.["binary_data"];
    outputs.set(name, {
      binary: typeof binary === "boolean" ? binary : undefined,
      classes: readClassification(parameters?.["classification"], at),
    });
  }
  return outputs;
}

/** Clients that write out every field of the schema (pydantic's, such as MLServer's) send null for those without a value. */
function optionalObject(value: unknown, where: string): JsonObject | undefined {
  if (value === null) return undefined;
  if (value === undefined || isObject(value)) return value;
  throw invalid("serving.bad_request", `"${where}" must be an object, not ${kindOf(value)}.`);
}
