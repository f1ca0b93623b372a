import { jsonNested, looseJson } from "../../tensors/json-text.ts";
import type { NumberStyle } from "../../tensors/json-text.ts";
import { sliceValues } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";

/**
 * `{"predictions": …}`: the values of one output; of several, a record of values per row, or the arrays by name where
 * the model does not work row by row. `style`: how numbers are written.
 */
export const writePredictions = (outputs: readonly Tensor[], rowwise: boolean, style: NumberStyle = looseJson): string => `{"predictions":${predictionsJson(outputs, rowwise, style)}}`;

/** What stands behind `"predictions"`. */
export function predictionsJson(outputs: readonly Tensor[], rowwise: boolean, style: NumberStyle = looseJson): string {
  const nested = (tensor: Tensor): string => jsonNested(withoutLastOne(tensor), style);
  if (outputs.length === 1) return nested(outputs[0]);
  const names = outputs.map(({ name }) => JSON.stringify(name));
  if (!rowwise) return `{${outputs.map((tensor, at) => `${names[at]}:${nested(tensor)}`).join(",")}}`;
  const records: string[] = [];
  for (let row = 0; row < (outputs[0]?.shape[0] ?? 0); row++) {
    records.push(`{${outputs.map((tensor, at) => `${names[at]}:${nested(rowOf(tensor, row))}`).join(",")}}`);
  }
  return `[${records.join(",")}]`;
}

/** A last dimension of 1 is not written. */
const withoutLastOne = (tensor: Tensor): Tensor => (tensor.shape.at(-1) === 1 && tensor.shape.length > 1 ? { ...tensor, shape: tensor.shape.slice(0, -1) } : tensor);

function rowOf(tensor: Tensor, row: number): Tensor {
  const width = tensor.data.length / tensor.shape[0];
  const shape = tensor.shape.slice(1);
  return { ...tensor, shape: width === 1 ? [] : shape, data: sliceValues(tensor.data, row * width, (row + 1) * width) };
}
