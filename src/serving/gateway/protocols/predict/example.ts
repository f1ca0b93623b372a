import type { Datatype } from "../../tensors/tensor.ts";
import type { ColumnEncoder, Model, TensorSpec } from "../../runtimes/runtime.ts";
import { inputsByName } from "../../tensors/matrix-columns.ts";

/** A row that the model takes, `{column: value}`: made of its inputs' datatypes and shapes, or of the columns of its matrix where these have names. */
export const exampleRow = (model: Model): Record<string, unknown> => exampleOf(inputsByName(model.inputs), model.rowwise || hasColumns(model));

const hasColumns = ({ inputs }: Model): boolean => inputsByName(inputs) !== inputs;

/** Values of inputs as a row has them. */
export const exampleOf = (inputs: readonly TensorSpec[], rowwise: boolean): Record<string, unknown> =>
  Object.fromEntries(inputs.filter(({ optional }) => !optional).map((spec) => [spec.name, nested(exampleShape(spec, rowwise), exampleValue(spec))]));

/** Open dimensions are 1; the one that counts rows is left out. */
function exampleShape({ shape }: TensorSpec, rowwise: boolean): number[] {
  const row = (rowwise ? shape.slice(1) : shape).map((size) => (size >= 0 ? size : 1));
  return rowwise && row.length === 1 && row[0] === 1 ? [] : row;
}

// What the model was tried with when it was loaded (a text that is a number suits models that read numbers from texts).
const exampleValue = ({ datatype, reading, known, encoders }: TensorSpec): unknown =>
  reading?.type === "timestamp" ? exampleTime : known?.values()[0] ?? firstCategory(encoders?.get(0), datatype) ?? (reading?.type === "category" && reading.boolean ? "true" : plainExample(datatype));

/** One that an encoder behind the input knows. */
function firstCategory(encoder: ColumnEncoder | undefined, datatype: Datatype): unknown {
  const [first] = encoder?.known ?? [];
  return (typeof first === "string") === (datatype === "BYTES") ? first : undefined;
}

/** Every reading of points in time takes ISO 8601. */
const exampleTime = "2026-01-31T12:00:00Z";

const plainExample = (datatype: Datatype): unknown => (datatype === "BYTES" ? "0" : datatype === "BOOL" ? false : datatype.startsWith("FP") ? 0.5 : 0);

const nested = ([size, ...rest]: readonly number[], value: unknown): unknown =>
  size === undefined ? value : Array.from({ length: size }, () => nested(rest, value));
