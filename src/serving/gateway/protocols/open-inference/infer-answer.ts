import type { InferenceAnswer } from "../../inference-request.ts";
import { toBinary } from "./binary-tensors.ts";
import { tellings, unseenJson } from "../tellings.ts";
import type { InferRequest } from "./infer-request.ts";
import type { HttpAnswer } from "../protocol.ts";
import { inferJson, jsonList } from "../../tensors/json-text.ts";
import type { Tensor } from "../../tensors/tensor.ts";

/** The answer as JSON, with the outputs asked for as binary behind it. A brief one has no id and no parameters. */
export function writeInferAnswer(answer: InferenceAnswer, request: InferRequest, brief = false): HttpAnswer {
  const raw: Buffer[] = [];
  const outputs = answer.outputs.map((tensor) => {
    if (!request.binary(tensor.name)) return `${head(tensor)},"data":${jsonList(tensor, inferJson)}}`;
    const bytes = toBinary(tensor.data);
    raw.push(bytes);
    return `${head(tensor)},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const text = answerText(answer, brief ? undefined : request.inference.id, outputs, request.inference.parameters?.["unseen"] === true);
  if (raw.length === 0) return { status: 200, headers: { "content-type": "application/json", ...tellings(answer) }, body: text };
  const header = Buffer.from(text);
  return {
    status: 200,
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(header.length), ...tellings(answer) },
    body: Buffer.concat([header, ...raw]),
  };
}

/** The answer as JSON alone. */
export const inferAnswerText = (answer: InferenceAnswer, id: string): string =>
  answerText(answer, id, answer.outputs.map((tensor) => `${head(tensor)},"data":${jsonList(tensor, inferJson)}}`));

function answerText(answer: InferenceAnswer, id: string | undefined, outputs: readonly string[], withUnseen = false): string {
  const fallback = answer.fallbackFrom === undefined ? "" : `,"fallback_from":${JSON.stringify(answer.fallbackFrom)}`;
  return (
    `{"model_name":${JSON.stringify(answer.endpoint)},"model_version":${JSON.stringify(answer.version)},` +
    (id === undefined ? "" : `"id":${JSON.stringify(id)},"parameters":{"variant":${JSON.stringify(answer.variant)}${fallback}${withUnseen ? `,"unseen":${unseenJson(answer)}` : ""}},`) +
    `"outputs":[${outputs.join(",")}]}`
  );
}

const head = ({ name, datatype, shape }: Tensor): string =>
  `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(",")}]`;
