import { product } from "../tensors/tensor.ts";
import type { Model } from "../runtimes/runtime.ts";

/** Longer examples are not for people to read. */
const mostElements = 16;

/** An infer request of the Open Inference Protocol that a model takes, made of zeros; undefined where it would be long or unknown. */
export function exampleRequest({ inputs, anyInputs }: Model): string | undefined {
  const shapes = inputs.map(({ shape }) => shape.map((size) => (size === -1 ? 1 : size)));
  if (inputs.length === 0 || anyInputs || shapes.reduce((sum, shape) => sum + product(shape), 0) > mostElements) return undefined;
  return JSON.stringify({
    inputs: inputs.map(({ name, datatype }, index) => ({
      name,
      datatype,
      shape: shapes[index],
      data: Array.from({ length: product(shapes[index]) }, () => (datatype === "BYTES" ? "" : datatype === "BOOL" ? false : 0)),
    })),
  });
}
