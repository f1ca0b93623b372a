import { jsonNested } from "../../tensors/json-text.ts";
import { sliceValues } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { RowForm } from "./read-rows.ts";

/** The outputs as JSON in the form in which the rows came: `{output: value}`, a list of these, or `{output: [value, …]}`. */
export function writeRows(outputs: readonly Tensor[], form: RowForm, rowwise: boolean): string {
  if (form === "columns" || !rowwise) return object(outputs.map(flat).map((tensor) => [tensor.name, jsonNested(tensor)]));
  const written = rowsJson(outputs);
  return form === "row" && written.length === 1 ? written[0] : `[${written.join(",")}]`;
}

/** `{output: value}` of each row. */
export function rowsJson(outputs: readonly Tensor[]): string[] {
  const plain = outputs.map(flat);
  const rows = plain[0]?.shape[0] ?? 0;
  return Array.from({ length: rows }, (_, row) => object(plain.map((tensor) => [tensor.name, jsonNested(rowOf(tensor, row))])));
}

const object = (fields: readonly (readonly [name: string, json: string])[]): string =>
  `{${fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;

/** A column [N, 1] as [N]: one value per row, not lists of one. */
const flat = (tensor: Tensor): Tensor =>
  tensor.shape.length === 2 && tensor.shape[1] === 1 ? { ...tensor, shape: [tensor.shape[0]] } : tensor;

function rowOf(tensor: Tensor, row: number): Tensor {
  const width = tensor.data.length / tensor.shape[0];
  return { ...tensor, shape: tensor.shape.slice(1), data: sliceValues(tensor.data, row * width, (row + 1) * width) };
}
