import { MillraceError } from "../../../../errors.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { score } from "../containers/score.ts";
import { torchserveFailure } from "./failure.ts";
import { manage } from "./management-routes.ts";
import { predictionsApi } from "./openapi.ts";
import { answerPrediction } from "./predictions.ts";

/**
 * TorchServe's inference and management over REST: pytorch/serve, docs/inference_api.md and management_api.md. `/ping` and
 * `/invocations` are MLflow's too, and answered there.
 */
export const torchserve: Protocol = {
  name: "TorchServe",
  prefixes: ["predictions", "explanations", "models", ""],
  paths: ["/predictions/{model}", "/models", "/models/{model}", "/models/{model}/invoke"],
  handle,
  failure: torchserveFailure,
};

/** `/{model}/predict` and `/{model}/{version}/predict`, as before `/predictions`. */
export const torchserveOldPaths: Protocol = {
  name: "TorchServe (old paths)",
  prefixes: ["*"],
  paths: [],
  handle: (request, context) => {
    const { path } = request;
    if (!isOldPath(path) || !context.deployment().endpoints.has(path[0])) return undefined;
    return answerPrediction(request, context, path[0], path.length === 3 ? path[1] : undefined);
  },
  // What nobody knows is told in the gateway's own words.
  failure: (error, { path }) => (isOldPath(path) ? torchserveFailure(error) : json(error.status, { error: error.message })),
};

const isOldPath = (path: readonly string[]): boolean => (path.length === 2 || path.length === 3) && path.at(-1) === "predict";

function handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> | undefined {
  const { method, path } = request;
  const [first, name, version, ...rest] = path;
  if (first === undefined) return method === "OPTIONS" ? json(200, predictionsApi([...context.deployment().endpoints.values()], context.version)) : undefined;
  if (first === "models") return version === "invoke" && rest.length === 0 && !isManaged(request) ? score(request, context, name) : manage(request, context);
  if (name === undefined || rest.length > 0) return undefined;
  if (first === "explanations") {
    throw new MillraceError("serving.no_explanations", 501, "Explanations are not made here: TorchServe's come from Captum, in Python.");
  }
  if (method === "OPTIONS") return json(200, predictionsApi([context.inference.endpoint(name)], context.version));
  return answerPrediction(request, context, name, version);
}

/** A model may have a version called invoke: only POST asks for predictions. */
const isManaged = ({ method }: HttpRequest): boolean => method !== "POST";
