import { invalid } from "../../../../errors.ts";
import { writeInferAnswer } from "../open-inference/infer-answer.ts";
import { readInferRequest } from "../open-inference/infer-request.ts";
import type { HttpAnswer, HttpRequest, ProtocolContext } from "../protocol.ts";

/**
 * The media type by which a cloud's clients send binary tensors to Triton; its parameter says how long the JSON before them is, where
 * headers of one's own do not get through. triton-inference-server/server, src/sagemaker_server.cc and vertex_ai_server.cc.
 */
const binaryTypes = ["application/vnd.sagemaker-triton.binary+json;json-header-size=", "application/vnd.vertex-ai-triton.binary+json;json-header-size="];

/** The length of the JSON part as the content type says it; undefined for another content type. Fails where it is malformed. */
function headerSize(contentType: string): string | undefined {
  const compact = contentType.replaceAll(" ", "");
  const type = binaryTypes.find((one) => compact.includes(one));
  if (type === undefined) return undefined;
  const size = compact.startsWith(type) ? compact.slice(type.length) : "";
  if (/^\d{1,15}$/.test(size)) return size;
  throw invalid("serving.bad_header_length", `The content type is "${contentType}"; it must be ${type}N, N being the bytes of the JSON part.`);
}

/** The bytes of JSON in which a tensor says its datatype, which no other kind of request has. */
const datatype = /^"datatype"\s*:\s*"(BOOL|U?INT(8|16|32|64)|FP(16|32|64)|BF16|BYTES)"/;

/** Whether a request is one of the Open Inference Protocol, wherever it was sent. */
export function isTensorRequest(request: HttpRequest): boolean {
  const type = request.header("content-type") ?? "";
  if (type.includes("-triton.binary+json")) return true;
  const at = request.body.indexOf('"datatype"');
  return at >= 0 && request.body.includes('"shape"') && datatype.test(request.body.toString("latin1", at, at + 48));
}

/** Answers it as Triton does on these platforms: with no more than was asked, binary outputs under the type they came by. */
export async function answerTensors(request: HttpRequest, context: ProtocolContext, endpoint: string): Promise<HttpAnswer> {
  const contentType = request.header("content-type") ?? "";
  const asked = readInferRequest(request.body, headerSize(contentType) ?? request.header("inference-header-content-length"));
  const answer = await context.inference.infer({
    ...asked.inference,
    endpoint,
    header: (name) => request.header(name),
    signal: () => request.signal,
  });
  const written = writeInferAnswer(answer, asked, !request.body.includes('"id"'));
  const size = written.headers?.["inference-header-content-length"];
  if (size === undefined) return written;
  const type = binaryTypes.find((one) => contentType.startsWith(one.slice(0, one.indexOf(";")))) ?? binaryTypes[0];
  return { ...written, headers: { ...written.headers, "content-type": `${type}${size}` } };
}
