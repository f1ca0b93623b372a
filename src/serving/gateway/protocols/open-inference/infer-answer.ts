import type { InferenceAnswer } from "../../inference.ts";
import { toBinary } from "./binary-tensors.ts";
import type { InferRequest } from "./infer-request.ts";
import type { HttpAnswer } from "../protocol.ts";
import type { Tensor, Values } from "../../tensors/tensor.ts";

/** The answer as JSON, with the outputs asked for as binary behind it. */
export function writeInferAnswer(answer: InferenceAnswer, request: InferRequest): HttpAnswer {
  const raw: Buffer[] = [];
  const outputs = answer.outputs.map((tensor) => {
    if (!request.binary(tensor.name)) return `${head(tensor)},"data":${jsonData(tensor)}}`;
    const bytes = toBinary(tensor.data);
    raw.push(bytes);
    return `${head(tensor)},"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const text =
    `{"model_name":${JSON.stringify(answer.endpoint)},"model_version":${JSON.stringify(answer.version)},` +
    `"id":${JSON.stringify(request.inference.id)},"parameters":{"variant":${JSON.stringify(answer.variant)}},` +
    `"outputs":[${outputs.join(",")}]}`;
  if (raw.length === 0) return { status: 200, headers: { "content-type": "application/json" }, body: text };
  const header = Buffer.from(text);
  return {
    status: 200,
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(header.length) },
    body: Buffer.concat([header, ...raw]),
  };
}

const head = ({ name, datatype, shape }: Tensor): string =>
  `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(",")}]`;

function jsonData({ datatype, data }: Tensor): string {
  if (Array.isArray(data)) return JSON.stringify(data);
  if (datatype === "BOOL") return JSON.stringify(Array.from(data as Uint8Array, Boolean));
  return `[${Array.from(data as Float64Array, data instanceof Float32Array ? float32Text : numberText).join(",")}]`;
}

// JSON has no NaN and no infinities; null is what JSON.stringify makes of them too.
const numberText = (value: Values[number]): string =>
  typeof value === "bigint" || Number.isFinite(value) ? String(value) : "null";

/** The shortest decimal that reads back as the same 32-bit float: 0.1, not 0.10000000149011612. */
export function float32Text(value: number): string {
  if (!Number.isFinite(value)) return "null";
  if (Number.isInteger(value)) return String(value);
  for (let digits = 7; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return String(shorter);
  }
  return String(Number(value.toPrecision(9)));
}
