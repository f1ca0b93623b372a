import { float32Text } from "../open-inference/infer-answer.ts";
import type { Tensor, Values } from "../../tensors/tensor.ts";

/**
 * `{"predictions": …}`: the values of one output; of several, a record of values per row, or the arrays by name where
 * the model does not work row by row. NaN and Infinity stand as they are, as Python's json writes and reads them.
 */
export function writePredictions(outputs: readonly Tensor[], rowwise: boolean): string {
  if (outputs.length === 1) return `{"predictions":${elements(outputs[0])}}`;
  if (!rowwise) return `{"predictions":{${outputs.map((tensor) => `${JSON.stringify(tensor.name)}:${elements(tensor)}`).join(",")}}}`;
  const rows = outputs[0].shape[0];
  const names = outputs.map(({ name }) => JSON.stringify(name));
  const records: string[] = [];
  for (let row = 0; row < rows; row++) records.push(`{${outputs.map((tensor, at) => `${names[at]}:${elements(tensor, row)}`).join(",")}}`);
  return `{"predictions":[${records.join(",")}]}`;
}

/** All elements nested as the shape says, or those of one row; a last dimension of 1 is not written. */
function elements({ datatype, shape, data }: Tensor, row?: number): string {
  const text = (index: number): string => elementText(data, index, datatype);
  const sizes = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  const width = sizes.slice(1).reduce((total, size) => total * size, 1);
  const nest = (start: number, axis: number, length: number): string => {
    if (axis === sizes.length) return text(start);
    const step = length / sizes[axis];
    let list = "";
    for (let at = 0; at < sizes[axis]; at++) list += `${at === 0 ? "" : ","}${nest(start + at * step, axis + 1, step)}`;
    return `[${list}]`;
  };
  return row === undefined ? nest(0, 0, data.length) : nest(row * width, 1, width);
}

function elementText(data: Values, index: number, datatype: Tensor["datatype"]): string {
  const value = data[index];
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("base64"));
  if (typeof value === "bigint") return String(value);
  if (datatype === "BOOL") return value ? "true" : "false";
  if (!Number.isFinite(value)) return String(value);
  const text = datatype === "FP32" ? float32Text(value) : String(value);
  // Floats stay floats in Python.
  return datatype.startsWith("FP") && Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}
