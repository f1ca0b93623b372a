import type { InferenceAnswer } from "../../inference-request.ts";
import type { Input } from "../../tensors/input.ts";
import type { Tensor } from "../../tensors/tensor.ts";

/**
 * The outputs in the rank in which the inputs came: a graph of TensorFlow that takes columns [N, 1] also takes [N], and
 * then answers [N], as its clients count on (the half_plus_two of its own tests is one).
 */
export function flatOutputs({ model, outputs }: Pick<InferenceAnswer, "model" | "outputs">, inputs: readonly Input[]): readonly Tensor[] {
  // What the model does not take says nothing.
  if (!model.rowwise || inputs.some(({ name, shape }) => shape.length !== 1 && model.inputs.some((spec) => spec.name === name))) return outputs;
  if (model.inputs.some(({ shape }) => shape.length !== 2)) return outputs;
  return outputs.map((tensor) => (tensor.shape.length === 2 && tensor.shape[1] === 1 ? { ...tensor, shape: [tensor.shape[0]] } : tensor));
}
