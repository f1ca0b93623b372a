import { invalid } from "../../../../errors.ts";
import { noRowsOf } from "../../no-rows.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { columnNames } from "../../tensors/column-names.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { inputOf } from "../../tensors/input.ts";
import type { Input } from "../../tensors/input.ts";
import { inputsOfRows } from "../../tensors/matrix-columns.ts";
import { shapeOf } from "../../tensors/read-values.ts";

/** How the rows came, which is how the answer goes out: one object, a list of objects, or an object of columns. */
export type RowForm = "row" | "rows" | "columns";

export interface ReadRows {
  readonly form: RowForm;
  readonly inputs: readonly Input[];
}

/**
 * Reads `{column: value}` (one row), `[{column: value}, …]` (rows) or `{column: [value, …]}` (columns) as the inputs of a model. A value is what the
 * model takes per row: a number or a string, or nested lists where an input has more dimensions.
 */
export function readRows(body: unknown, model: Model): ReadRows {
  if (Array.isArray(body)) return { form: "rows", inputs: fromRows(body, model) };
  if (!isObject(body)) throw invalid("serving.bad_request", `The body must be a JSON object {column: value}, or a list of them, not ${kindOf(body)}.`);
  const inputs = inputsOfRows(model.inputs, (name) => Object.hasOwn(body, name));
  const rowwise = model.rowwise || inputs !== model.inputs;
  const specs = new Map(inputs.map((spec) => [spec.name, spec]));
  // A column that the model does not know says nothing of the others.
  const fields = Object.entries(body).filter(([name]) => specs.has(name));
  const columns = rowwise && (fields.length > 0 ? fields : Object.entries(body)).some(([name, value]) => isColumn(value, specs.get(name)));
  if (columns) return { form: "columns", inputs: Object.entries(body).map(([name, value]) => column(name, value as unknown[], specs.get(name))) };
  if (rowwise) return { form: "row", inputs: fromRows([body], model) };
  return { form: "row", inputs: Object.entries(body).map(([name, value]) => whole(name, value, specs.get(name))) };
}

/** Whether a value has one dimension more than a row's. */
function isColumn(value: unknown, spec: TensorSpec | undefined): boolean {
  if (!Array.isArray(value)) return false;
  const row = spec ? rowShape(spec) : [];
  // A row's own list may be empty where its length is open.
  if (value.length === 0 && row[0] !== undefined && row[0] > 0) return true;
  return shapeOf(value, "the body").length > row.length;
}

/** The dimensions of one row; a single one of 1 is a plain value. */
function rowShape({ shape }: TensorSpec): readonly number[] {
  const row = shape.slice(1);
  return row.length === 1 && row[0] === 1 ? [] : row;
}

function fromRows(rows: readonly unknown[], model: Model): Input[] {
  const [first] = rows;
  const inputs = inputsOfRows(model.inputs, (name) => isObject(first) && Object.hasOwn(first, name));
  if (!model.rowwise && inputs === model.inputs) throw invalid("serving.bad_request", "This model does not work row by row; send one object {input: value}.");
  for (const [index, row] of rows.entries()) {
    if (!isObject(row)) throw invalid("serving.bad_request", `Row ${index} must be an object {column: value}, not ${kindOf(row)}.`);
  }
  if (rows.length === 0) return noRowsOf(model);
  const specs = new Map(inputs.map((spec) => [spec.name, spec]));
  return [...columnNames(rows as JsonObject[])].map((name) => column(name, (rows as JsonObject[]).map((row) => (Object.hasOwn(row, name) ? row[name] : null)), specs.get(name)));
}

/** A column of values, one per row; null where a row has none. */
function column(name: string, values: readonly unknown[], spec: TensorSpec | undefined): Input {
  if (!spec) return inputOf(name, values, undefined, `"${name}"`);
  if (!Array.isArray(values)) throw invalid("serving.bad_request", `"${name}" must be a list, as other columns are, not ${kindOf(values)}.`);
  if (values.length === 0) return inputOf(name, values, spec, `"${name}"`);
  const tail = rowShape(spec);
  const first = values.find((value) => value !== null);
  const known = tail.map((size, axis) => (size >= 0 ? size : (shapeOf(first, `"${name}"`)[axis] ?? 1)));
  const shape = [values.length, ...(known.length === 0 ? spec.shape.slice(1) : known)];
  return inputOf(name, values, spec, `"${name}"`, shape);
}

/** The value of an input that has no rows. */
const whole = (name: string, value: unknown, spec: TensorSpec | undefined): Input => inputOf(name, value, spec, `"${name}"`);
