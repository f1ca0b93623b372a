import { MillraceError, notFound } from "../../../../errors.ts";
import type { Endpoint, Variant } from "../../models/deployment.ts";
import { findVersion } from "../../inference.ts";
import { readInferRequest } from "./infer-request.ts";
import { writeInferAnswer } from "./infer-answer.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";

/**
 * The Open Inference Protocol (KServe V2) over REST with the binary tensor extension; kserve/open-inference-protocol,
 * specification/protocol/inference_rest.md, and triton-inference-server/server, docs/protocol/extension_binary_data.md.
 */
export const openInference: Protocol = {
  name: "Open Inference Protocol",
  prefixes: ["v2"],
  paths: ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models", "/v2/models/{model}", "/v2/models/{model}/infer"],
  handle,
};

function handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> {
  const [, first, second, ...rest] = request.path;
  if (first === undefined) {
    allow(request, "GET");
    return json(200, { name: "millrace", version: context.version, extensions: ["binary_tensor_data"] });
  }
  if (first === "health" && rest.length === 0 && (second === "live" || second === "ready")) {
    allow(request, "GET");
    if (second === "live") return json(200, { live: true });
    return json(context.ready() ? 200 : 503, { ready: context.ready() });
  }
  if (first === "models") {
    if (second !== undefined) return handleModel(request, context, second, rest);
    allow(request, "GET");
    return json(200, { models: [...context.deployment().endpoints.keys()] });
  }
  throw noSuchPath(request);
}

function handleModel(
  request: HttpRequest,
  context: ProtocolContext,
  name: string,
  rest: readonly string[],
): HttpAnswer | Promise<HttpAnswer> {
  const versioned = rest[0] === "versions" && rest.length > 1;
  const version = versioned ? rest[1] : undefined;
  const [verb, ...more] = versioned ? rest.slice(2) : rest;
  if (more.length > 0 || (verb !== undefined && verb !== "ready" && verb !== "infer")) throw noSuchPath(request);
  allow(request, verb === "infer" ? "POST" : "GET");
  if (verb === "infer") return infer(request, context, name, version);
  const endpoint = context.inference.endpoint(name);
  const variant = version === undefined ? endpoint.main : findVersion(endpoint, version);
  if (verb === undefined) return json(200, metadata(endpoint, variant));
  return json(context.ready() ? 200 : 503, { name, ready: context.ready() });
}

async function infer(
  request: HttpRequest,
  context: ProtocolContext,
  endpoint: string,
  version: string | undefined,
): Promise<HttpAnswer> {
  const asked = readInferRequest(request.body, request.header("inference-header-content-length"));
  const answer = await context.inference.infer({ ...asked.inference, endpoint, version, header: (name) => request.header(name) });
  return writeInferAnswer(answer, asked);
}

function metadata(endpoint: Endpoint, { held: { model } }: Variant): unknown {
  return {
    name: endpoint.name,
    versions: [...new Set(endpoint.variants.map((variant) => variant.version))],
    platform: model.platform,
    inputs: model.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    outputs: model.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
  };
}

function allow(request: HttpRequest, method: string): void {
  if (request.method === method || (method === "GET" && request.method === "HEAD")) return;
  throw new MillraceError(
    "serving.method_not_allowed",
    405,
    `/${request.path.join("/")} takes ${method}, not ${request.method}.`,
    { details: { allow: method } },
  );
}

const noSuchPath = (request: HttpRequest) =>
  notFound(
    "serving.unknown_path",
    `There is nothing at /${request.path.join("/")}; the paths are ${openInference.paths.join(", ")}.`,
  );
