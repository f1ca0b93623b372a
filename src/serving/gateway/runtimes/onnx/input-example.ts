import { describeError } from "../../../../errors.ts";
import { bindInputs } from "../../tensors/bind.ts";
import { inputOf } from "../../tensors/input.ts";
import type { Input } from "../../tensors/input.ts";
import { isObject } from "../../tensors/json-kind.ts";
import { namesOf } from "../../tensors/matrix-columns.ts";
import { takeRows } from "../../tensors/rows.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { TensorSpec } from "../runtime.ts";
import { loggedColumns, loggedExample } from "./mlmodel-signature.ts";
import { readOnnxMetadata } from "./onnx-metadata.ts";
import { isOrtFormat } from "./ort-format.ts";
import { withSignature } from "./signature-inputs.ts";

/** An input example as a model takes it, or why it is not taken; neither where none was logged. */
export interface InputExample {
  readonly tensors?: readonly Tensor[];
  readonly problem?: string;
}

/** Rows of an example that are tried. */
const mostRows = 8;

/** The first rows of the input example that MLflow logged with a graph of these inputs, bound to them as a request's rows are. */
export async function inputExample(file: string, specs: readonly TensorSpec[]): Promise<InputExample> {
  try {
    const example = await loggedExample(file);
    if (example === undefined) return {};
    const { inputs } = withSignature(specs, isOrtFormat(file) ? new Map() : await readOnnxMetadata(file), await loggedColumns(file));
    const rowwise = inputs.every(({ shape, anyRank }) => shape[0] === -1 && !anyRank);
    const bound = bindInputs(inputsIn(example, inputs), { inputs, rowwise }, new Set(namesOf(inputs)), "ignore");
    if (bound.rows === 0) return {};
    return { tensors: rowwise && bound.rows > mostRows ? bound.inputs.map((tensor) => takeRows(tensor, bound.rows, 0, mostRows)) : bound.inputs };
  } catch (error) {
    return { problem: describeError(error) };
  }
}

/** `{dataframe_split: {columns, data}}`, `{inputs: …}`, or what these hold. */
function inputsIn(example: unknown, specs: readonly TensorSpec[]): Input[] {
  const [only] = specs;
  if (!isObject(example)) return [inputOf(only.name, example, only, "the example")];
  if ("dataframe_split" in example) return inputsIn(example["dataframe_split"], specs);
  if ("inputs" in example && !specs.some(({ name }) => name === "inputs")) return inputsIn(example["inputs"], specs);
  const { columns, data } = example;
  if (!Array.isArray(data) || specs.some(({ name }) => name === "data")) return Object.entries(example).map(([name, value]) => inputOf(name, value, specs.find((spec) => spec.name === name), `"${name}"`));
  if (!Array.isArray(columns) || !columns.every((name) => typeof name === "string")) return [inputOf(only.name, data, only, "the example")];
  return columns.map((name: string, at) => inputOf(name, data.map((row: unknown) => (Array.isArray(row) ? (row[at] as unknown) : undefined)), undefined, `"${name}"`));
}
