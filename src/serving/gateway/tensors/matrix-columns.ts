import { invalid } from "../../../errors.ts";
import type { TensorSpec } from "../runtimes/runtime.ts";
import { fedTo } from "./cell-reader.ts";
import { datatypes } from "./tensor.ts";
import type { BytesElement, Numbers, Tensor, Values } from "./tensor.ts";

/**
 * The columns that rows with these names mean, where a model's only input is a matrix whose columns its signature names; undefined where it has none such, and
 * where the matrix itself was sent. A column may be named as the matrix is: then another column beside it tells which is meant.
 */
export function columnsSent(inputs: readonly TensorSpec[], has: (name: string) => boolean): readonly TensorSpec[] | undefined {
  const [only, ...others] = inputs;
  const columns = others.length === 0 ? only?.columns : undefined;
  if (!columns) return undefined;
  if (!has(only.name)) return columns;
  return columns.some(({ name }) => name === only.name) && columns.some(({ name }) => name !== only.name && has(name)) ? columns : undefined;
}

/** The inputs by which rows with these names are read: the columns of a named matrix, else the inputs themselves. */
export const inputsOfRows = (inputs: readonly TensorSpec[], has: (name: string) => boolean): readonly TensorSpec[] => columnsSent(inputs, has) ?? inputs;

/** The inputs as people write rows of them: named columns where there are such. */
export const inputsByName = (inputs: readonly TensorSpec[]): readonly TensorSpec[] => columnsSent(inputs, () => false) ?? inputs;

/** Every name that a request may use: those of inputs, and of the columns of a matrix. */
export const namesOf = (inputs: readonly TensorSpec[]): string[] => inputs.flatMap(({ name, columns }) => [name, ...(columns ?? []).map((column) => column.name)]);

/** Columns of one value per row side by side, [rows, columns], as the matrix that a model takes. Fails with `serving.bad_shape` where it takes another number of rows. */
export function asMatrix(spec: TensorSpec, columns: readonly Tensor[], rows: number): Tensor {
  const { name, shape } = spec;
  if (shape[0] >= 0 && shape[0] !== rows) throw invalid("serving.bad_shape", `${rows} rows came; the model takes ${shape[0]} at a time.`);
  const datatype = fedTo(spec);
  const width = columns.length;
  return { name, datatype, shape: shape.length === 1 ? [rows] : [rows, width], data: interleaved(columns, rows, datatypes.get(datatype)!.array) };
}

function interleaved(columns: readonly Tensor[], rows: number, array: (new (length: number) => Numbers) | undefined): Values {
  const width = columns.length;
  if (!array) {
    const texts = Array.from<BytesElement>({ length: rows * width });
    for (const [at, { data }] of columns.entries()) for (let row = 0; row < rows; row++) texts[row * width + at] = (data as BytesElement[])[row];
    return texts;
  }
  const values = new array(rows * width);
  // Columns of integers of 64 bits are there for a matrix of such only.
  for (const [at, { data }] of columns.entries()) for (let row = 0; row < rows; row++) (values as Float64Array)[row * width + at] = (data as Float64Array)[row];
  return values;
}
