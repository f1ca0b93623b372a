import { closest } from "fastest-levenshtein";
import { invalid } from "../../../errors.ts";
import type { Model, TensorSpec } from "../runtimes/runtime.ts";
import { convertValues } from "./convert.ts";
import type { Tensor } from "./tensor.ts";

export interface BoundInputs {
  /** Rows of a model that works row by row; 1 for another. */
  readonly rows: number;
  /** In the order of the model's inputs, of the datatypes and ranks the model wants; optional ones may be absent. */
  readonly inputs: readonly Tensor[];
}

/**
 * Fits the tensors of a request to the inputs of a model. Numbers of any datatype become the model's where they fit;
 * integers become categories as decimal strings; missing values stay missing (NaN, ""); a column of width 1 may come
 * as [N] or [N, 1]. `known` are the names that are no mistake although this model does not use them.
 */
export function bindInputs(tensors: readonly Tensor[], model: Model, known: ReadonlySet<string>): BoundInputs {
  const { inputs: specs } = model;
  if (model.anyInputs && specs.length === 0) return { rows: rowsOf(tensors, model), inputs: tensors };
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const tensor of tensors) {
    if (!known.has(tensor.name) && !model.anyInputs) throw unknownInput(tensor.name, specs);
  }
  const missing = specs.filter((spec) => !spec.optional && !byName.has(spec.name)).map(({ name }) => `"${name}"`);
  if (missing.length > 0) {
    throw invalid(
      "serving.input_missing",
      `${missing.length === 1 ? "The input" : "The inputs"} ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; ` +
        `send a tensor for each (null for an unknown value).`,
    );
  }
  const inputs: Tensor[] = [];
  for (const spec of specs) {
    const tensor = byName.get(spec.name);
    if (tensor) inputs.push(fit(tensor, spec, model.rowwise));
  }
  return { rows: rowsOf(inputs, model), inputs };
}

function rowsOf(inputs: readonly Tensor[], model: Model): number {
  if (!model.rowwise || inputs.length === 0) return 1;
  const [first] = inputs;
  const rows = first.shape[0] ?? 1;
  if (rows === 0) throw invalid("serving.bad_shape", `inputs "${first.name}" has no rows; send at least one.`);
  const other = inputs.find(({ shape }) => shape[0] !== rows);
  if (other) {
    throw invalid(
      "serving.bad_shape",
      `inputs "${other.name}" has ${other.shape[0]} rows, but "${first.name}" has ${rows}; all inputs need as many.`,
    );
  }
  return rows;
}

function unknownInput(name: string, specs: readonly TensorSpec[]): Error {
  const names = specs.map((spec) => spec.name);
  const guess = names.length > 0 ? `; did you mean "${closest(name, names)}"?` : ".";
  return invalid(
    "serving.input_unknown",
    `The model has no input "${name}"${guess} Its inputs are ${names.map((n) => `"${n}"`).join(", ")}.`,
  );
}

function fit(tensor: Tensor, spec: TensorSpec, rowwise: boolean): Tensor {
  const shape = fitShape(tensor.shape, spec.shape);
  if (!shape) {
    const dimensions = spec.shape.map((size, axis) => (size >= 0 ? String(size) : rowwise && axis === 0 ? "N" : "any"));
    const right = rowwise && spec.shape.length === 2 && spec.shape[1] === 1 ? "[N] or [N, 1]" : `[${dimensions.join(", ")}]`;
    throw invalid(
      "serving.bad_shape",
      `inputs "${tensor.name}" has the shape ${JSON.stringify(tensor.shape)}; it must be ${right}${rowwise ? ", N rows" : ""}.`,
    );
  }
  const data = convertValues(tensor, spec.datatype);
  return shape === tensor.shape && data === tensor.data && tensor.datatype === spec.datatype
    ? tensor
    : { name: tensor.name, datatype: spec.datatype, shape, data };
}

/** The shape as the model wants it; undefined when it does not fit. A last dimension of 1 may be there or not. */
function fitShape(shape: readonly number[], wanted: readonly number[]): readonly number[] | undefined {
  if (matches(shape, wanted)) return shape;
  if (wanted.at(-1) === 1 && matches(shape, wanted.slice(0, -1))) return [...shape, 1];
  if (shape.at(-1) === 1 && matches(shape.slice(0, -1), wanted)) return shape.slice(0, -1);
  return undefined;
}

const matches = (shape: readonly number[], wanted: readonly number[]): boolean =>
  shape.length === wanted.length && wanted.every((size, axis) => size === -1 || size === shape[axis]);
