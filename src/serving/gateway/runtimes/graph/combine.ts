import { datatypes } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { TensorSpec } from "../runtime.ts";

/** The mean of outputs of one name and shape, element by element, as doubles. */
export function meanOf(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const other = tensors.find(({ shape }) => shape.join() !== first.shape.join());
  if (other) throw new Error(`output "${first.name}" has the shape [${first.shape.join(", ")}] from one step and [${other.shape.join(", ")}] from another; a mean needs them alike`);
  const data = new Float64Array(first.data.length);
  for (const tensor of tensors) for (let at = 0; at < data.length; at++) data[at] += Number(tensor.data[at]);
  for (let at = 0; at < data.length; at++) data[at] /= tensors.length;
  return { name: first.name, datatype: "FP64", shape: first.shape, data };
}

/** The output of a soft step that failed: every value is missing. Its open dimensions but the rows count one. */
export function missingOutput({ name, datatype, shape }: TensorSpec, rows: number): Tensor {
  const sizes = shape.map((size, axis) => (axis === 0 && size === -1 ? rows : Math.abs(size)));
  const length = sizes.reduce((total, size) => total * size, 1);
  if (datatype === "BYTES") return { name, datatype, shape: sizes, data: Array.from({ length }, () => "") };
  // Integers with missing values are doubles.
  const { array, integer } = datatypes.get(datatype)!;
  const data = integer || datatype === "BF16" ? new Float64Array(length) : new array!(length);
  (data as Float64Array).fill(NaN);
  return { name, datatype: integer || datatype === "BF16" ? "FP64" : datatype, shape: sizes, data };
}
