import type { InferenceAnswer } from "../../inference-request.ts";
import { toBinary } from "../../protocols/open-inference/binary-tensors.ts";
import { unseenJson } from "../../protocols/tellings.ts";
import { classify } from "../../protocols/open-inference/classification.ts";
import type { ModelInferResponse } from "./infer-messages.ts";
import type { ReadRequest } from "./read-request.ts";
import { fieldOf } from "./tensor-contents.ts";

/** The answer to a request: all outputs raw, or all in typed contents; raw where one of them has no typed form. */
export function writeInferResponse(answered: InferenceAnswer, asked: ReadRequest, parameters: ModelInferResponse["parameters"] = {}): ModelInferResponse {
  const answer = classify(answered, asked.classes);
  const raw = asked.raw || answer.outputs.some(({ datatype }) => !fieldOf[datatype]);
  return {
    model_name: answer.endpoint,
    model_version: answer.version,
    id: asked.inference.id,
    parameters: { variant: { string_param: answer.variant }, ...(asked.parameters["unseen"] === true && { unseen: { string_param: unseenJson(answer) } }), ...parameters },
    outputs: answer.outputs.map(({ name, datatype, shape, data }) => (raw ? { name, datatype, shape } : { name, datatype, shape, contents: { datatype, data } })),
    raw_output_contents: raw ? answer.outputs.map(({ data }) => toBinary(data)) : [],
  };
}
