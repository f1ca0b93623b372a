import { randomUUID } from "node:crypto";
import { invalid } from "../../../errors.ts";
import { bodyText } from "../tensors/body-text.ts";
import { exactJson } from "../tensors/exact-json.ts";
import { isObject } from "../tensors/json-kind.ts";
import { parseJson } from "../tensors/parse-json.ts";
import { changedRequest } from "./changed-request.ts";
import type { HttpAnswer, HttpRequest } from "./protocol.ts";

type Handle = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer> | undefined;

const structuredType = "application/cloudevents+json";
const required = ["id", "source", "type", "specversion"];

/**
 * Lets a handler be asked by CloudEvents 1.0 (github.com/cloudevents/spec, bindings/http-protocol-binding.md): the request is the event's data, the answer
 * comes as an event of the mode in which the request came, `io.kserve.inference.response` from `io.kserve.inference.<model>` as KServe names it. What is no
 * event, and failures, go through as they are.
 */
export function withCloudEvents(handle: Handle): Handle {
  return (request) => {
    const type = request.header("content-type");
    if (type?.startsWith(structuredType)) return answer(handle, request, unwrap(request), true);
    if (request.header("ce-specversion") === undefined) return handle(request);
    const missing = required.filter((name) => !request.header(`ce-${name}`));
    if (missing.length > 0) throw missingAttributes(missing.map((name) => `ce-${name}`));
    return answer(handle, request, request, false);
  };
}

const missingAttributes = (names: readonly string[]) =>
  invalid("serving.bad_event", `The CloudEvent lacks ${names.join(", ")}; id, source, type and specversion are required.`);

function answer(handle: Handle, request: HttpRequest, inner: HttpRequest, structured: boolean): ReturnType<Handle> {
  const answered = handle(inner);
  return answered && Promise.resolve(answered).then((plain) => wrap(plain, modelIn(request.path), structured));
}

/** The event in a body of structured mode, as a request with its data as the body. */
function unwrap(request: HttpRequest): HttpRequest {
  const attributes = parseJson(bodyText(request.body));
  if (!isObject(attributes)) throw invalid("serving.bad_event", "A CloudEvent in structured mode is a JSON object.");
  const missing = required.filter((name) => typeof attributes[name] !== "string" || attributes[name] === "");
  if (missing.length > 0) throw missingAttributes(missing);
  const { data, data_base64: base64, datacontenttype: type = "application/json" } = attributes;
  if (typeof type !== "string") throw invalid("serving.bad_event", "The CloudEvent's datacontenttype must be a string.");
  const body = typeof base64 === "string" ? Buffer.from(base64, "base64") : Buffer.from(data === undefined ? "" : typeof data === "string" ? data : exactJson(data));
  return changedRequest(request, { header: (name) => (name === "content-type" ? type : request.header(name)), body });
}

function wrap(plain: HttpAnswer, model: string, structured: boolean): HttpAnswer {
  const { status, headers, body } = plain;
  if (status !== 200 || (typeof body !== "string" && !Buffer.isBuffer(body))) return plain;
  const attributes = { specversion: "1.0", id: randomUUID(), source: `io.kserve.inference.${encodeURIComponent(model)}`, type: "io.kserve.inference.response", time: new Date().toISOString() };
  if (!structured) {
    const named = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
    return { status, headers: { ...headers, ...named }, body };
  }
  const type = headers?.["content-type"] ?? "application/octet-stream";
  const text = JSON.stringify({ ...attributes, datacontenttype: type });
  const data = type === "application/json" ? `"data":${body.toString()}` : `"data_base64":"${Buffer.from(body).toString("base64")}"`;
  return { status, headers: { ...headers, "content-type": structuredType }, body: `${text.slice(0, -1)},${data}}` };
}

/** The model that a path names: `/v1/models/NAME:predict`, `/v2/models/NAME/infer`, `/predict/NAME`. */
function modelIn(path: readonly string[]): string {
  const name = path[path.findIndex((segment) => segment === "models" || segment === "predict") + 1] ?? "";
  return name.replace(/:[a-z]+$/, "");
}
