import { jsonList } from "../../tensors/json-text.ts";
import type { NumberStyle } from "../../tensors/json-text.ts";
import { elementBytes } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { csvCell } from "./csv.ts";
import { rowsJson } from "../predict/write-rows.ts";

/** JSON Lines: an object of values by output in the line of each row. */
export const writeLines = (outputs: readonly Tensor[]): string => rowsJson(outputs).map((row) => `${row}\n`).join("");

/** As NumPy and pandas read them. */
const csvNumbers: NumberStyle = { nonFinite: String, point: false };

/** CSV without a line of names, as SageMaker's containers write it: the values of all outputs in the line of each row. */
export function writeCsv(outputs: readonly Tensor[]): string {
  const rows = outputs[0]?.shape[0] ?? 0;
  return Array.from({ length: rows }, (_, row) => `${outputs.map((tensor) => cells(tensor, row, rows)).join(",")}\n`).join("");
}

function cells({ datatype, data }: Tensor, row: number, rows: number): string {
  const width = data.length / rows;
  const own = data.slice(row * width, (row + 1) * width);
  if (!Array.isArray(own)) return jsonList({ datatype, data: own }, csvNumbers).slice(1, -1);
  return own.map((element) => csvCell(Buffer.from(elementBytes(element)).toString())).join(",");
}
