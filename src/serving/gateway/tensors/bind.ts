import { closest } from "fastest-levenshtein";
import { invalid } from "../../../errors.ts";
import type { InputSpec } from "../runtimes/runtime.ts";
import { datatypes } from "./tensor.ts";
import type { Numbers, Tensor, Values } from "./tensor.ts";

export interface BoundInputs {
  readonly rows: number;
  /** In the order of the model's inputs, of the types the model wants. */
  readonly columns: readonly Values[];
}

/**
 * Fits the tensors of a request to the inputs of a model: one tensor per input, shape [N] or [N, width], N equal over
 * all. Numbers of any datatype become the model's; integers become categories as decimal strings; missing values stay
 * missing (NaN, ""). `known` are the names that are no mistake although this model does not use them.
 */
export function bindInputs(
  tensors: readonly Tensor[],
  inputs: readonly InputSpec[],
  known: ReadonlySet<string>,
): BoundInputs {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const tensor of tensors) {
    if (!known.has(tensor.name)) throw unknownInput(tensor.name, inputs);
  }
  const missing = inputs.filter((input) => !byName.has(input.name)).map((input) => `"${input.name}"`);
  if (missing.length > 0) {
    throw invalid(
      "serving.input_missing",
      `${missing.length === 1 ? "The input" : "The inputs"} ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; ` +
        `send a tensor for each (null for an unknown value).`,
    );
  }
  const rows = byName.get(inputs[0].name)!.shape[0];
  if (rows === 0) throw invalid("serving.bad_shape", `inputs "${inputs[0].name}" has no rows; send at least one.`);
  const columns = inputs.map((input) => {
    const tensor = byName.get(input.name)!;
    checkShape(tensor, input, rows, inputs[0].name);
    return input.datatype === "BYTES" ? categories(tensor) : numbers(tensor, input.datatype);
  });
  return { rows, columns };
}

function unknownInput(name: string, inputs: readonly InputSpec[]): Error {
  const names = inputs.map((input) => input.name);
  const nearest = closest(name, names);
  return invalid(
    "serving.input_unknown",
    `The model has no input "${name}"; did you mean "${nearest}"? Its inputs are ${names.map((n) => `"${n}"`).join(", ")}.`,
  );
}

function checkShape({ name, shape }: Tensor, { width }: InputSpec, rows: number, first: string): void {
  const flat = shape.length === 1 && width === 1;
  if (!flat && !(shape.length === 2 && shape[1] === width)) {
    const right = width === 1 ? "[N] or [N, 1]" : `[N, ${width}]`;
    throw invalid(
      "serving.bad_shape",
      `inputs "${name}" has the shape ${JSON.stringify(shape)}; it must be ${right}, N rows.`,
    );
  }
  if (shape[0] !== rows) {
    throw invalid(
      "serving.bad_shape",
      `inputs "${name}" has ${shape[0]} rows, but "${first}" has ${rows}; all inputs need as many.`,
    );
  }
}

function categories({ name, datatype, data }: Tensor): string[] {
  if (Array.isArray(data)) return data;
  if (!datatypes.get(datatype)!.integer) {
    throw invalid(
      "serving.bad_datatype",
      `inputs "${name}" is a category and came as ${datatype}; send its values as strings with the datatype BYTES (or integers as INT64).`,
    );
  }
  return Array.from(data as Float64Array, (value) => (Number.isNaN(value) ? "" : String(value)));
}

function numbers({ name, datatype, data }: Tensor, wanted: "FP32" | "FP64" | "INT64"): Numbers {
  if (Array.isArray(data)) {
    throw invalid(
      "serving.bad_datatype",
      `inputs "${name}" is a number and came as BYTES; send its values as numbers with the datatype FP32.`,
    );
  }
  if (datatype === wanted && !(wanted === "INT64" && data instanceof Float64Array)) return data;
  if (wanted !== "INT64") {
    const target = new (wanted === "FP32" ? Float32Array : Float64Array)(data.length);
    for (let i = 0; i < data.length; i++) target[i] = Number(data[i]);
    return target;
  }
  return BigInt64Array.from(data as Float64Array, (value, index) => {
    if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt(value);
    throw invalid(
      "serving.bad_value",
      `inputs "${name}" has ${Number.isNaN(value) ? "a missing value" : value} at position ${index}; the model takes integers there.`,
    );
  });
}
