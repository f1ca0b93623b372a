import { invalid } from "../../../../errors.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { columnNames } from "../../tensors/column-names.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { readValues, shapeOf } from "../../tensors/read-values.ts";
import { product } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";

/** How the rows came, which is how the answer goes out: one object, a list of objects, or an object of columns. */
export type RowForm = "row" | "rows" | "columns";

export interface ReadRows {
  readonly form: RowForm;
  readonly tensors: readonly Tensor[];
}

/**
 * Reads `{column: value}` (one row), `[{column: value}, …]` (rows) or `{column: [value, …]}` (columns) as the tensors of a model. A value is what the
 * model takes per row: a number or a string, or nested lists where an input has more dimensions.
 */
export function readRows(body: unknown, model: Model): ReadRows {
  if (Array.isArray(body)) return { form: "rows", tensors: fromRows(body, model) };
  if (!isObject(body)) throw invalid("serving.bad_request", `The body must be a JSON object {column: value}, or a list of them, not ${kindOf(body)}.`);
  const specs = new Map(model.inputs.map((spec) => [spec.name, spec]));
  const columns = model.rowwise && Object.entries(body).some(([name, value]) => isColumn(value, specs.get(name)));
  if (columns) return { form: "columns", tensors: Object.entries(body).map(([name, value]) => column(name, value as unknown[], specs.get(name))) };
  if (model.rowwise) return { form: "row", tensors: fromRows([body], model) };
  return { form: "row", tensors: Object.entries(body).map(([name, value]) => whole(name, value, specs.get(name))) };
}

/** Whether a value has one dimension more than a row's. */
function isColumn(value: unknown, spec: TensorSpec | undefined): boolean {
  if (!Array.isArray(value)) return false;
  const rank = spec ? rowShape(spec).length : 0;
  return shapeOf(value, "the body").length > rank;
}

/** The dimensions of one row; a single one of 1 is a plain value. */
function rowShape({ shape }: TensorSpec): readonly number[] {
  const row = shape.slice(1);
  return row.length === 1 && row[0] === 1 ? [] : row;
}

function fromRows(rows: readonly unknown[], model: Model): Tensor[] {
  if (rows.length === 0) throw invalid("serving.bad_request", "The list of rows is empty; send at least one.");
  if (!model.rowwise) throw invalid("serving.bad_request", "This model does not work row by row; send one object {input: value}.");
  for (const [index, row] of rows.entries()) {
    if (!isObject(row)) throw invalid("serving.bad_request", `Row ${index} must be an object {column: value}, not ${kindOf(row)}.`);
  }
  const specs = new Map(model.inputs.map((spec) => [spec.name, spec]));
  return [...columnNames(rows as JsonObject[])].map((name) => column(name, (rows as JsonObject[]).map((row) => (Object.hasOwn(row, name) ? row[name] : null)), specs.get(name)));
}

/** A column of values, one per row; null where a row has none. */
function column(name: string, values: readonly unknown[], spec: TensorSpec | undefined): Tensor {
  if (!Array.isArray(values)) throw invalid("serving.bad_request", `"${name}" must be a list, as other columns are, not ${kindOf(values)}.`);
  const tail = spec ? rowShape(spec) : [];
  const first = values.find((value) => value !== null);
  const known = tail.map((size, axis) => (size >= 0 ? size : (shapeOf(first, `"${name}"`)[axis] ?? 1)));
  const shape = [values.length, ...(spec && known.length === 0 ? spec.shape.slice(1) : known)];
  const datatype = spec?.datatype ?? guess(first);
  return { name, datatype, shape, data: readValues(values, datatype, product(shape), `"${name}"`) };
}

/** The value of an input that has no rows. */
function whole(name: string, value: unknown, spec: TensorSpec | undefined): Tensor {
  const shape = shapeOf(value, `"${name}"`);
  const datatype = spec?.datatype ?? guess(value);
  return { name, datatype, shape, data: readValues(value, datatype, product(shape), `"${name}"`) };
}

const guess = (value: unknown): "BYTES" | "BOOL" | "FP64" => (typeof value === "string" ? "BYTES" : typeof value === "boolean" ? "BOOL" : "FP64");
