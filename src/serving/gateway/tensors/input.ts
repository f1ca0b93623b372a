import type { MillraceError } from "../../../errors.ts";
import type { TensorSpec } from "../runtimes/runtime.ts";
import { NumberList } from "./number-lists/number-list.ts";
import { deepest, readNumbers, readValues, shapeOf } from "./read-values.ts";
import { product } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

/**
 * An input as it came, in a form that says no datatype: cells of JSON, of delimited text, of a form. What they mean is said by the model that
 * answers, which may be another one than the protocol looked at when it read the request.
 */
export interface Cells {
  readonly name: string;
  readonly shape: readonly number[];
  /** JSON: nested lists as the shape says, a flat list in row-major order, or one value. */
  readonly value: unknown;
  /** Names it in errors. */
  readonly where: string;
  /** Why it is refused where the model does not say how its cells are read: the client gave a datatype that does not fit them. */
  readonly refusal?: MillraceError;
  /** The only reading that takes it all the same; any when absent. */
  readonly refusedUnless?: "number";
}

/** An input of a request. */
export type Input = Tensor | Cells;

export const isCells = (input: Input): input is Cells => "value" in input;

/**
 * Values of JSON as an input. Plain numbers for an input of floats become its tensor at once, which is the fast way and means the same by every
 * reading; all else stays as it is until the model is known. `shape` is that of the lists unless the protocol knows better.
 */
export function inputOf(name: string, value: unknown, spec: TensorSpec | undefined, where: string, shape: readonly number[] = shapeOf(value, where)): Input {
  if (value instanceof NumberList) {
    const fits = value.values.length === product(shape);
    return fits ? { name, datatype: "FP64", shape, data: value.values } : { name, shape, value: value.toLists(), where };
  }
  if (spec?.datatype === "FP32" || spec?.datatype === "FP64") {
    const data = readNumbers(value, spec.datatype, product(shape));
    if (data) return { name, datatype: spec.datatype, shape, data };
  }
  return { name, shape, value, where };
}

/** Cells as a tensor of what they are themselves, for a model that does not say what it takes: texts, truth values or numbers, by the first of them. */
export function asTensor(input: Input): Tensor {
  if (!isCells(input)) return input;
  const { name, shape, value, where, refusal } = input;
  if (refusal) throw refusal;
  const first = firstOf(value);
  const datatype = typeof first === "string" ? "BYTES" : typeof first === "boolean" ? "BOOL" : "FP64";
  return { name, datatype, shape, data: readValues(value, datatype, product(shape), where) };
}

/** The first element that is not missing. */
function firstOf(value: unknown, depth = 0): unknown {
  if (!Array.isArray(value) || depth > deepest) return value;
  for (const inner of value) {
    const first = firstOf(inner, depth + 1);
    if (first !== null && first !== undefined) return first;
  }
  return undefined;
}
