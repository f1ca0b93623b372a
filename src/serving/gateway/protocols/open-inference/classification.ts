import { invalid } from "../../../../errors.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { float32Text } from "../../tensors/json-text.ts";
import { product } from "../../tensors/tensor.ts";
import type { Numbers, Tensor } from "../../tensors/tensor.ts";

/**
 * The answer with the outputs named in `counts` as their largest elements, `value:index` or `value:index:label`, one list
 * per row of a model that works row by row (triton-inference-server/server, docs/protocol/extension_classification.md).
 */
export function classify(answer: InferenceAnswer, counts: ReadonlyMap<string, number>): InferenceAnswer {
  if (counts.size === 0) return answer;
  const { rowwise, classes } = answer.model;
  return {
    ...answer,
    outputs: answer.outputs.map((tensor) => {
      const count = counts.get(tensor.name);
      return count === undefined ? tensor : largest(tensor, count, rowwise, classes);
    }),
  };
}

function largest(tensor: Tensor, wanted: number, rowwise: boolean, labels: readonly string[] | undefined): Tensor {
  const { name, datatype, shape, data } = tensor;
  if (Array.isArray(data) || datatype === "BF16") {
    throw invalid("serving.bad_request", `The output "${name}" is of ${datatype}; classification takes outputs of numbers.`);
  }
  const rows = rowwise ? shape[0] : 1;
  const width = rowwise ? product(shape.slice(1)) : data.length;
  const count = Math.min(wanted, width);
  const label = labels?.length === width ? (index: number) => `:${labels[index]}` : () => "";
  const texts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const values = data.subarray(row * width, (row + 1) * width);
    for (const index of byValue(values).subarray(0, count)) texts.push(`${valueText(values[index])}:${index}${label(index)}`);
  }
  return { name, datatype: "BYTES", shape: rowwise ? [rows, count] : [count], data: texts };

  function valueText(value: number | bigint): string {
    return data instanceof Float32Array && Number.isFinite(value) ? float32Text(value as number) : String(value);
  }
}

/** Positions from the largest element to the smallest, NaN last; equal ones in their order. */
const byValue = (values: Numbers): Uint32Array =>
  new Uint32Array(values.length).map((_, index) => index).sort((a, b) => {
    const [left, right] = [values[a], values[b]];
    if (left > right) return -1;
    if (left < right) return 1;
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right)) || a - b;
  });
