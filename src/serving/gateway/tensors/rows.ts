import { concatValues, sliceValues } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

/** The rows of tensors of one name, datatype and tail, one after the other. */
export function stackTensors(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, part) => sum + part.shape[0], 0);
  return { ...first, shape: [rows, ...first.shape.slice(1)], data: concatValues(parts.map((part) => part.data)) };
}

/** `count` rows of a tensor from row `start` on; fails when its first dimension does not count the `rows` asked for. */
export function takeRows(tensor: Tensor, rows: number, start: number, count: number): Tensor {
  const [first, ...tail] = tensor.shape;
  if (first !== rows) {
    throw new Error(
      `output "${tensor.name}" has the shape [${tensor.shape.join(", ")}] for ${rows} rows; its first dimension must count rows`,
    );
  }
  if (count === rows) return tensor;
  const width = tensor.data.length / rows;
  return { ...tensor, shape: [count, ...tail], data: sliceValues(tensor.data, start * width, (start + count) * width) };
}

/** What tensors must have in common for their rows to be stacked: names and the dimensions after the first. */
export const rowShape = (tensors: readonly Tensor[]): string =>
  tensors.map(({ name, shape }) => `${name}:${shape.slice(1).join(",")}`).join(";");
