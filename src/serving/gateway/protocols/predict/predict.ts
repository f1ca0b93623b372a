import { randomUUID } from "node:crypto";
import { invalid, MillraceError } from "../../../../errors.ts";
import type { InferenceRequest } from "../../inference-request.ts";
import type { Endpoint } from "../../models/deployment.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { bodyText } from "../../tensors/body-text.ts";
import { inputsByName } from "../../tensors/matrix-columns.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { eventStream, wantsEvents } from "../event-stream.ts";
import { notAllowed } from "../method.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { tellings } from "../tellings.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { formPage, listPage } from "./form-page.ts";
import { openApi } from "./openapi.ts";
import { readRows } from "./read-rows.ts";
import { writeRows } from "./write-rows.ts";

/** Predictions for people and their programs: named columns in, named outputs out, a form in the browser, OpenAPI. */
export const predict: Protocol = {
  name: "plain JSON",
  prefixes: ["predict", "openapi.json"],
  paths: ["/predict", "/predict/{model}", "/predict/{model}/openapi.json", "/openapi.json"],
  handle,
};

function handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> | undefined {
  const [first, name, ...rest] = request.path;
  const get = request.method === "GET" || request.method === "HEAD";
  const endpoints = [...context.deployment().endpoints.values()];
  if (first === "openapi.json") return name === undefined && get ? json(200, openApi(endpoints, context.version)) : undefined;
  if (name === undefined) {
    if (get) return html(200, listPage(endpoints));
    const unnamed = unnamedModel(request, context, (one) => `/predict/${encodeURIComponent(one)}`);
    return predictRows(request, context, context.inference.endpoint(unnamed), undefined);
  }
  if (rest.length === 1 && rest[0] === "openapi.json" && get) return json(200, openApi([context.inference.endpoint(name)], context.version));
  const version = rest[0] === "versions" ? rest[1] : undefined;
  if (rest.length > 0 && (rest.length !== 2 || version === undefined)) return undefined;
  const endpoint = context.inference.endpoint(name);
  if (get) return html(200, formPage(endpoint));
  return predictRows(request, context, endpoint, version);
}

async function predictRows(request: HttpRequest, context: ProtocolContext, endpoint: Endpoint, version: string | undefined): Promise<HttpAnswer> {
  if (request.method !== "POST") throw notAllowed(request, "GET, POST", "GET and POST");
  const { model } = (version === undefined ? endpoint.main : endpoint.version(version)).held;
  const type = (request.header("content-type") ?? "application/json").split(";", 1)[0].trim().toLowerCase();
  // curl -d says that JSON is a form.
  const looksLikeJson = /^\s*[[{]/.test(request.body.toString("latin1", 0, 64));
  if (type === "application/x-www-form-urlencoded" && !looksLikeJson) return predictForm(request, context, endpoint, version, model);
  if (type !== "application/json" && !type.endsWith("+json") && type !== "application/x-www-form-urlencoded") {
    throw new MillraceError("serving.bad_content_type", 415, `The content type ${type} is not taken here; send application/json, or a form (application/x-www-form-urlencoded).`);
  }
  const { form, inputs } = readRows(parseJson(bodyText(request.body)), model);
  const id = request.header("x-request-id") ?? randomUUID();
  const wanted: InferenceRequest = {
    endpoint: endpoint.name,
    version,
    id,
    stickyKey: request.header("x-sticky-key"),
    inputs,
    parameters: request.query.size > 0 ? Object.fromEntries(request.query) : undefined,
    signal: () => request.signal,
    header: (header) => request.header(header),
  };
  if (wantsEvents(request.header("accept"))) return eventStream(context.inference.stream(wanted), ({ outputs }) => writeRows(outputs, form, model.rowwise));
  const answer = await context.inference.infer(wanted);
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "x-request-id": id,
      "x-model-version": encodeURIComponent(answer.version),
      "x-model-variant": encodeURIComponent(answer.variant),
      ...tellings(answer),
    },
    body: writeRows(answer.outputs, form, model.rowwise),
  };
}

/** A form of the browser: the answer is the page again, with the prediction. */
async function predictForm(request: HttpRequest, context: ProtocolContext, endpoint: Endpoint, version: string | undefined, model: Model): Promise<HttpAnswer> {
  const fields = Object.fromEntries(new URLSearchParams(bodyText(request.body)));
  try {
    const row = Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fieldValue(name, text, model)]));
    const { inputs } = readRows(row, model);
    const answer = await context.inference.infer({ endpoint: endpoint.name, version, id: randomUUID(), inputs, signal: () => request.signal });
    const page = html(200, formPage(endpoint, { fields, answer: JSON.parse(writeRows(answer.outputs, "row", model.rowwise)) as Record<string, unknown> }));
    return { ...page, headers: { ...page.headers, ...tellings(answer) } };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return html(error.status, formPage(endpoint, { fields, error: error.message }));
  }
}

/** A field's text is a cell; of an input of several values it is their lists in JSON. */
function fieldValue(name: string, text: string, model: Model): unknown {
  const spec = [...model.inputs, ...inputsByName(model.inputs)].find((input) => input.name === name);
  if (!spec || spec.datatype === "BYTES" || !takesLists(spec, model)) return text.trim() === "" && spec?.datatype !== "BYTES" ? null : text;
  try {
    return parseJson(text);
  } catch {
    throw invalid("serving.bad_value", `"${name}" is ${JSON.stringify(text)}; it must be lists of numbers in JSON.`);
  }
}

const takesLists = ({ shape }: TensorSpec, { rowwise }: Model): boolean => (rowwise ? shape.slice(1) : shape).some((size) => size !== 1);

/** A page that may load nothing and run no script. */
export const html = (status: number, body: string): HttpAnswer => ({
  status,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
  },
  body,
});
