import { invalid, notFound } from "../../../../errors.ts";
import type { InferenceRequest } from "../../inference-request.ts";
import { classify } from "./classification.ts";
import { modelConfig, modelMetadata, modelReady, serverMetadata, variantOf } from "./describe-model.ts";
import { readInferRequest } from "./infer-request.ts";
import { inferAnswerText, writeInferAnswer } from "./infer-answer.ts";
import { documents, isDocument } from "./mlserver-docs.ts";
import { loadModel, repositoryIndex, unloadModel } from "./model-repository.ts";
import { readRawRequest } from "./raw-request.ts";
import { statisticsAnswer } from "./statistics.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { bodyText } from "../../tensors/body-text.ts";
import { eventStream } from "../event-stream.ts";
import { allow } from "../method.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";

/**
 * The Open Inference Protocol (KServe V2) over REST: kserve/open-inference-protocol,
 * specification/protocol/inference_rest.md; with Triton's extensions for binary tensors, classification, configuration,
 * repository, schedule policy and statistics: triton-inference-server/server, docs/protocol/extension_*.md.
 */
export const openInference: Protocol = {
  name: "Open Inference Protocol",
  prefixes: ["v2"],
  paths: [
    "/v2",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models",
    "/v2/models/{model}",
    "/v2/models/{model}/ready",
    "/v2/models/{model}/infer",
    "/v2/models/{model}/config",
    "/v2/models/stats",
    "/v2/models/{model}/stats",
    "/v2/docs",
    "/v2/models/{model}/docs",
    "/v2/repository/index",
    "/v2/repository/models/{model}/load",
    "/v2/repository/models/{model}/unload",
  ],
  handle,
};

function handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> {
  const [, first, second, ...rest] = request.path;
  if (first === undefined) {
    allow(request, "GET");
    return json(200, serverMetadata(context));
  }
  if (first === "health" && rest.length === 0 && (second === "live" || second === "ready")) {
    allow(request, "GET");
    if (second === "live") return json(200, { live: true });
    return json(context.ready() ? 200 : 503, { ready: context.ready() });
  }
  if (first === "models") {
    if (second === "stats" && rest.length === 0 && !context.deployment().endpoints.has("stats")) {
      allow(request, "GET");
      return json(200, statisticsAnswer(context, undefined, undefined));
    }
    if (second !== undefined) return handleModel(request, context, second, rest);
    allow(request, "GET");
    return json(200, { models: [...context.deployment().endpoints.keys()] });
  }
  if (first === "docs") {
    const rest = request.path.slice(2);
    if (!isDocument(rest)) throw noSuchPath(request);
    allow(request, "GET");
    return documents(context, undefined, rest);
  }
  if (first === "repository") return handleRepository(request, context);
  throw noSuchPath(request);
}

const verbs = new Set(["ready", "infer", "infer_stream", "config", "stats"]);

function handleModel(
  request: HttpRequest,
  context: ProtocolContext,
  name: string,
  rest: readonly string[],
): HttpAnswer | Promise<HttpAnswer> {
  const versioned = rest[0] === "versions" && rest.length > 1;
  const version = versioned ? rest[1] : undefined;
  const [verb, ...more] = versioned ? rest.slice(2) : rest;
  if (verb === "docs" && isDocument(more)) {
    allow(request, "GET");
    const endpoint = context.inference.endpoint(name);
    variantOf(endpoint, version);
    return documents(context, endpoint, more);
  }
  if (more.length > 0 || (verb !== undefined && !verbs.has(verb))) throw noSuchPath(request);
  const inferring = verb === "infer" || verb === "infer_stream";
  allow(request, inferring ? "POST" : "GET");
  if (inferring) return infer(request, context, name, version, verb === "infer_stream");
  if (verb === "stats") return json(200, statisticsAnswer(context, name, version));
  const endpoint = context.inference.endpoint(name);
  const variant = variantOf(endpoint, version);
  if (verb === "config") return json(200, modelConfig(endpoint, variant));
  if (verb === undefined) return json(200, modelMetadata(endpoint, variant));
  const ready = modelReady(endpoint, version);
  return json(ready ? 200 : 503, { name, ready });
}

async function infer(
  request: HttpRequest,
  context: ProtocolContext,
  endpoint: string,
  version: string | undefined,
  inParts: boolean,
): Promise<HttpAnswer> {
  const headerLength = request.header("inference-header-content-length");
  const asked =
    headerLength === "0"
      ? readRawRequest(request.body, variantOf(context.inference.endpoint(endpoint), version))
      : readInferRequest(request.body, headerLength);
  const wanted: InferenceRequest = {
    ...asked.inference,
    endpoint,
    version,
    header: (name) => request.header(name),
    signal: () => request.signal,
  };
  if (inParts) return eventStream(context.inference.stream(wanted), (part) => inferAnswerText(classify(part, asked.classes), asked.inference.id));
  return writeInferAnswer(classify(await context.inference.infer(wanted), asked.classes), asked);
}

/** `/v2/repository/index`, `/v2/repository/models/{model}/load`, each also with a repository's name before `index` or `models`. */
async function handleRepository(request: HttpRequest, { repository, mayManage }: ProtocolContext): Promise<HttpAnswer> {
  const path = request.path.slice(2);
  const plain = path[0] === "models" ? path.length === 3 : path[0] === "index" && path.length === 1;
  const [what, name, verb, ...more] = plain ? path : path.slice(1);
  if (what === "index" && name === undefined) {
    allow(request, "POST");
    return json(200, repositoryIndex(repository, wantsReady(readBody(request)["ready"])));
  }
  if (what !== "models" || name === undefined || (verb !== "load" && verb !== "unload") || more.length > 0) throw noSuchPath(request);
  allow(request, "POST");
  mayManage((header) => request.header(header), true);
  const parameters = (readBody(request)["parameters"] ?? {}) as JsonObject;
  await (verb === "load" ? loadModel(repository, name, parameters) : unloadModel(repository, name));
  return { status: 200, headers: { "content-type": "application/json" }, body: "" };
}

/** Whether the index is to list only what answers; MLServer's clients write null for false. */
function wantsReady(ready: unknown): boolean {
  if (typeof ready === "boolean") return ready;
  if (ready === undefined || ready === null) return false;
  throw invalid("serving.bad_request", `Invalid value for 'ready': expected a boolean, not ${kindOf(ready)}.`);
}

/** The JSON object of a request of the repository extension, which may have none. */
function readBody({ body }: HttpRequest): JsonObject {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(bodyText(body));
  } catch {
    value = undefined;
  }
  if (isObject(value)) return value;
  throw invalid("serving.bad_json", `The body must be a JSON object, such as {"parameters": {}}, or empty.`);
}

const noSuchPath = (request: HttpRequest) =>
  notFound(
    "serving.unknown_path",
    `There is nothing at /${request.path.join("/")}; the paths are ${openInference.paths.join(", ")}.`,
  );
