import { jsonNested } from "../../tensors/json-text.ts";
import { sliceValues } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";

/** As Python's json writes floats: 3.0, NaN, Infinity. */
const pythonJson = { nonFinite: String, point: true };

/**
 * `{"predictions": …}`: the values of one output; of several, a record of values per row, or the arrays by name where
 * the model does not work row by row.
 */
export function writePredictions(outputs: readonly Tensor[], rowwise: boolean): string {
  if (outputs.length === 1) return `{"predictions":${nested(outputs[0])}}`;
  const names = outputs.map(({ name }) => JSON.stringify(name));
  if (!rowwise) return `{"predictions":{${outputs.map((tensor, at) => `${names[at]}:${nested(tensor)}`).join(",")}}}`;
  const records: string[] = [];
  for (let row = 0; row < outputs[0].shape[0]; row++) {
    records.push(`{${outputs.map((tensor, at) => `${names[at]}:${nested(rowOf(tensor, row))}`).join(",")}}`);
  }
  return `{"predictions":[${records.join(",")}]}`;
}

/** A last dimension of 1 is not written. */
const nested = (tensor: Tensor): string => jsonNested(tensor.shape.at(-1) === 1 && tensor.shape.length > 1 ? { ...tensor, shape: tensor.shape.slice(0, -1) } : tensor, pythonJson);

function rowOf(tensor: Tensor, row: number): Tensor {
  const width = tensor.data.length / tensor.shape[0];
  const shape = tensor.shape.slice(1);
  return { ...tensor, shape: width === 1 ? [] : shape, data: sliceValues(tensor.data, row * width, (row + 1) * width) };
}
