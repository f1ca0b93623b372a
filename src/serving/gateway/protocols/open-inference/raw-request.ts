import { randomUUID } from "node:crypto";
import { invalid } from "../../../../errors.ts";
import type { Variant } from "../../models/deployment.ts";
import { bytesElement, datatypes, product } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { fromBinary } from "./binary-tensors.ts";
import type { InferRequest } from "./infer-request.ts";
import { noClasses } from "./request-parameters.ts";

const bad = (what: string) =>
  invalid("serving.bad_raw_request", `A raw binary request (Inference-Header-Content-Length: 0) ${what}.`);

/**
 * A request that is nothing but the bytes of the model's only input, one row of them; its shape follows from their number
 * (triton-inference-server/server, docs/protocol/extension_binary_data.md, "Raw Binary Request"). Answers come binary.
 */
export function readRawRequest(body: Buffer, { held: { model } }: Variant): InferRequest {
  const [input, ...others] = model.inputs;
  if (!input || others.length > 0) {
    throw bad(`must go to a model with one input, and this one has ${model.inputs.length}; send the JSON part, too`);
  }
  const { name, datatype } = input;
  const shape = model.rowwise ? [1, ...input.shape.slice(1)] : [...input.shape];
  const open = shape.indexOf(-1);
  if (shape.includes(-1, open + 1) && open >= 0) {
    throw bad(`cannot say the shape of "${name}", which has more than one dimension of any size (${JSON.stringify(input.shape)})`);
  }
  if (open >= 0) shape[open] = 1;
  let data: Tensor["data"];
  if (datatype === "BYTES") {
    if (product(shape) !== 1) throw bad(`brings one element, and "${name}" of BYTES takes ${product(shape)}`);
    data = [bytesElement(body)];
  } else {
    const size = datatypes.get(datatype)!.bytes;
    if (open >= 0) shape[open] = Math.floor(body.length / size / product(shape));
    data = fromBinary(body, datatype, product(shape), `inputs[0] ("${name}")`, "the body has");
  }
  return {
    inference: { id: randomUUID(), inputs: [{ name, datatype, shape, data }] },
    binary: () => true,
    classes: noClasses,
  };
}
