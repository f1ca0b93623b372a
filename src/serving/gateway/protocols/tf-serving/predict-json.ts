import { shown as nameOf } from "../../tensors/shown.ts";
import { invalid } from "../../../../errors.ts";
import { noRowsOf } from "../../no-rows.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import type { Input } from "../../tensors/input.ts";
import { looseJson } from "../../tensors/json-text.ts";
import type { NumberStyle } from "../../tensors/json-text.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { isBase64, jsonInput, tensorJson } from "./json-values.ts";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { inputsOfRows } from "../../tensors/matrix-columns.ts";
import { NumberList } from "../../tensors/number-lists/number-list.ts";

/** Rows in `instances` and out `predictions`, or columns in `inputs` and out `outputs`: tensorflow_serving/g3doc/api_rest.md, "Predict API". */
export interface PredictBody {
  readonly rows: boolean;
  readonly inputs: readonly Input[];
}

/** How a model that names no inputs gets what has no name. */
const namelessInput = "inputs";

/** Reads the body of a predict request. Fails in the words of tensorflow_serving/util/json_tensor.cc. */
export function readPredict(body: JsonObject, model: Model, specs: ReadonlyMap<string, TensorSpec>, ignores: boolean): PredictBody {
  const sole = model.inputs.length <= 1;
  const instances = sole ? body["instances"] : plainLists(body["instances"]);
  const inputs = sole ? body["inputs"] : plainLists(body["inputs"]);
  if (instances !== undefined && inputs !== undefined) {
    throw malformed(body, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist");
  }
  if (inputs !== undefined) return { rows: false, inputs: readColumns(inputs, model, specs) };
  if (instances === undefined) throw invalid("serving.bad_request", "Missing 'inputs' or 'instances' key");
  if (instances instanceof NumberList) return { rows: true, inputs: [jsonInput(soleInput(model), instances, model.inputs[0], "instances")] };
  if (!Array.isArray(instances)) throw malformed(body, "Expecting 'instances' to be an list/array");
  if (instances.length === 0) return { rows: true, inputs: noRowsOf(model) };
  return { rows: true, inputs: readInstances(instances, model, specs, ignores) };
}

function readInstances(instances: readonly unknown[], model: Model, specs: ReadonlyMap<string, TensorSpec>, ignores: boolean): Input[] {
  if (isNamed(instances[0])) return namedRows(instances, model, specs, ignores);
  const other = instances.findIndex(isNamed);
  if (other >= 0) throw invalid("serving.bad_request", `Expecting value/list but got object at item ${other} of input list`);
  if (model.inputs.length <= 1) return [jsonInput(soleInput(model), instances, model.inputs[0], "instances")];
  return positionalRows(instances, model);
}

const isNamed = (value: unknown): value is JsonObject => isObject(value) && !(value instanceof NumberList) && !isBase64(value);

const plainLists = (value: unknown): unknown => (value instanceof NumberList ? value.toLists() : value);

const soleInput = ({ inputs }: Model): string => inputs[0]?.name ?? namelessInput;

function namedRows(rows: readonly unknown[], model: Model, specs: ReadonlyMap<string, TensorSpec>, ignores: boolean): Input[] {
  const inputs = inputsOfRows(model.inputs, (name) => Object.hasOwn(rows[0] as JsonObject, name));
  const columns = new Map(Object.keys(rows[0] as JsonObject).map((name) => [name, [] as unknown[]]));
  for (const [index, row] of rows.entries()) {
    if (!isNamed(row)) throw invalid("serving.bad_request", `Expecting object but got list at item ${index} of input list`);
    const names = Object.keys(row);
    const unknown = model.anyInputs || ignores ? undefined : names.find((name) => !specs.has(name));
    if (unknown !== undefined) throw atRow(index, row, `key: ${unknown}`, `does not have named input: ${unknown}; the inputs are: ${[...specs.keys()].join(",")}`);
    for (const name of names) {
      const column = columns.get(name);
      if (!column) throw atRow(index, row, "", `keys must be equal to those of the others: ${[...columns.keys()].join(",")}`);
      column.push(row[name]);
    }
    const missing = inputs.find((spec) => !spec.optional && !Object.hasOwn(row, spec.name))?.name ?? [...columns.keys()].find((name) => !Object.hasOwn(row, name));
    if (missing !== undefined) throw atRow(index, row, "", `keys must be equal to: ${inputs.map(({ name }) => name).join(",")} (missing: ${missing})`);
  }
  return [...columns].map(([name, values]) => jsonInput(name, values, specs.get(name), "instances"));
}

const atRow = (index: number, row: JsonObject, key: string, problem: string) =>
  invalid("serving.bad_request", `Failed to process element: ${index} ${key || "of 'instances' list."} JSON object: ${shown(row)} ${problem}`);

/** Rows as KServe's V1 protocol sends them to tables: the values of the columns in their order. */
function positionalRows(rows: readonly unknown[], model: Model): Input[] {
  const { inputs } = model;
  const fits = inputs.every(({ shape }) => shape.length <= 2 && (shape[1] ?? 1) === 1) && rows.every((row) => Array.isArray(row) && row.length === inputs.length);
  if (!fits) {
    throw invalid(
      "serving.bad_request",
      `instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map: ${inputs.map(({ name }) => name).join(",")}`,
    );
  }
  return inputs.map((spec, at) => jsonInput(spec.name, (rows as unknown[][]).map((row) => row[at]), spec, "instances"));
}

function readColumns(inputs: unknown, model: Model, specs: ReadonlyMap<string, TensorSpec>): Input[] {
  if (isNamed(inputs)) {
    const missing = inputsOfRows(model.inputs, (name) => Object.hasOwn(inputs, name)).find(({ name, optional }) => !optional && !Object.hasOwn(inputs, name));
    if (missing) throw invalid("serving.bad_request", `Missing named input: ${missing.name} in 'inputs' object.`);
    return Object.entries(inputs).map(([name, value]) => jsonInput(name, value, specs.get(name), "inputs"));
  }
  if (model.inputs.length > 1) {
    throw invalid("serving.bad_request", `inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map: ${model.inputs.map(({ name }) => name).join(",")}`);
  }
  return [jsonInput(soleInput(model), inputs, model.inputs[0], "inputs")];
}

/** A body whose form is wrong, shown in its first characters. */
export const malformed = (body: JsonObject, problem: string) => invalid("serving.bad_request", `JSON Value: ${shown(body)} ${problem}`);

/** As much of a value as TensorFlow Serving shows of it. */
function shown(value: unknown): string {
  try {
    return (JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? Number(one) : one)) ?? "").slice(0, 256);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return nameOf(value); // lists so deep that they cannot be written
  }
}

/** The answer to a predict request, in the form of its body; an only output goes without its name. `style`: how numbers are written. */
export function writePredict(outputs: readonly Tensor[], rows: boolean, style: NumberStyle = looseJson): string {
  if (!rows) {
    if (outputs.length === 1) return `{"outputs":${tensorJson(outputs[0], style)}}`;
    return `{"outputs":{${outputs.map((tensor) => `${JSON.stringify(tensor.name)}:${tensorJson(tensor, style)}`).join(",")}}}`;
  }
  const [first] = outputs;
  if (!first) return '{"predictions":[]}';
  const odd = outputs.find(({ shape }) => shape.length === 0 || shape[0] !== first.shape[0]);
  if (odd) {
    throw invalid("serving.bad_request", `Tensor name: ${odd.name} has the shape [${odd.shape.join(",")}], which has no row for each of ${first.name}'s; ask with 'inputs' instead of 'instances'.`);
  }
  if (outputs.length === 1) return `{"predictions":${tensorJson(first, style)}}`;
  const names = outputs.map(({ name }) => JSON.stringify(name));
  const texts: string[] = [];
  for (let row = 0; row < first.shape[0]; row++) {
    texts.push(`{${outputs.map((tensor, at) => `${names[at]}:${tensorJson(rowOf(tensor, row), style)}`).join(",")}}`);
  }
  return `{"predictions":[${texts.join(",")}]}`;
}

function rowOf(tensor: Tensor, row: number): Tensor {
  const { data, shape } = tensor;
  const width = data.length / shape[0];
  const [start, end] = [row * width, (row + 1) * width];
  return { ...tensor, shape: shape.slice(1), data: Array.isArray(data) ? data.slice(start, end) : data.subarray(start, end) };
}
