import { invalid } from "../../../../errors.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { datatypes, product } from "../../tensors/tensor.ts";
import type { Tensor, Values } from "../../tensors/tensor.ts";
import type { ScoringData } from "./scoring-json.ts";

/**
 * The data of a scoring request as tensors for a model: columns by name, those the model does not know left out as MLflow
 * does; for a model of one matrix all columns side by side, or the one array.
 */
export function scoringTensors(data: ScoringData, { inputs }: Model): Tensor[] {
  if (data.kind === "array") {
    if (inputs.length === 1) return [tensorOf(data.values, inputs[0])];
    throw invalid("serving.bad_request", `The model has the inputs ${inputs.map(({ name }) => `"${name}"`).join(", ")}; send values by these names, not one list.`);
  }
  const { columns } = data;
  const [only] = inputs;
  if (inputs.length === 1 && only.shape.length === 2 && !columns.has(only.name)) return [tensorOf(sideBySide([...columns.values()]), only)];
  return inputs.flatMap((spec) => {
    const values = columns.get(spec.name);
    return values ? [tensorOf(values, spec)] : [];
  });
}

const sideBySide = (columns: readonly (readonly unknown[])[]): unknown[][] => (columns[0] ?? []).map((_, row) => columns.map((column) => column[row]));

/** Nested lists as a tensor of the datatype that the model takes. */
function tensorOf(values: readonly unknown[], { name, datatype }: TensorSpec): Tensor {
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: readonly unknown[] = shape.length > 1 ? values.flat(shape.length - 1) : values;
  if (flat.length !== product(shape) || flat.some((value) => Array.isArray(value))) {
    throw invalid("serving.bad_shape", `"${name}": its lists are not of one length at each depth.`);
  }
  return { name, datatype: integerWithGaps(datatype) ? "FP64" : datatype, shape, data: datatype === "BYTES" ? strings(flat, name) : numbers(flat, name, datatype) };
}

/** Integers are checked when they are bound to the model's input, and may be missing until then. */
const integerWithGaps = (datatype: Tensor["datatype"]): boolean => datatypes.get(datatype)!.integer && datatype !== "BOOL";

function strings(flat: readonly unknown[], name: string): string[] {
  return flat.map((value, at) => {
    if (typeof value === "string") return value;
    if (value === null || value === undefined) return "";
    if (typeof value === "boolean" || (typeof value === "number" && Number.isInteger(value))) return String(value);
    throw invalid("serving.bad_value", `"${name}": the value ${JSON.stringify(value)} at position ${at} must be a string.`);
  });
}

function numbers(flat: readonly unknown[], name: string, datatype: Tensor["datatype"]): Values {
  const target = datatype === "FP32" ? new Float32Array(flat.length) : new Float64Array(flat.length);
  for (let at = 0; at < flat.length; at++) {
    const value = flat[at];
    if (typeof value === "number") target[at] = value;
    else if (value === null || value === undefined) target[at] = NaN;
    else if (typeof value === "boolean") target[at] = value ? 1 : 0;
    else if (typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))) target[at] = Number(value);
    else throw invalid("serving.bad_value", `"${name}": the value ${JSON.stringify(value)} at position ${at} must be a number.`);
  }
  return target;
}
