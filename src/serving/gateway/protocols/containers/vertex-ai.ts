import { invalid, MillraceError } from "../../../../errors.ts";
import { changedRequest } from "../changed-request.ts";
import { openInference } from "../open-inference/open-inference.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { bodyText } from "../../tensors/body-text.ts";
import { exactJson } from "../../tensors/exact-json.ts";
import { isObject } from "../../tensors/json-kind.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { sharedJson } from "../../tensors/json-text.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { writePredictions } from "../mlflow-scoring/predictions.ts";
import { score } from "./score.ts";
import { isTensorRequest } from "./triton-infer.ts";

/** The addresses that Vertex AI tells a container to answer at, such as `/v1/endpoints/1/deployedModels/2:predict`. */
export interface VertexRoutes {
  readonly predict: string;
  readonly health: string;
}

const segments = (route: string): string[] => route.split("/").filter((segment) => segment !== "").map(decodeURIComponent);

/**
 * Vertex AI's contract with a container: cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements. The header
 * X-Vertex-Ai-Triton-Redirect names an address of the Open Inference Protocol to be answered instead, as on Triton.
 */
export function vertexAi(routes: VertexRoutes): Protocol {
  const predict = segments(routes.predict);
  const health = segments(routes.health);
  const is = (path: readonly string[], route: readonly string[]) => path.length === route.length && path.every((segment, index) => segment === route[index]);
  return {
    name: "Vertex AI",
    prefixes: [...new Set([predict[0] ?? "", health[0] ?? ""].map((prefix) => prefix.toLowerCase()))],
    paths: [routes.predict, routes.health],
    handle: (request, context) => {
      const { method, path } = request;
      if (is(path, health) && (method === "GET" || method === "HEAD")) {
        const ready = context.ready();
        return json(ready ? 200 : 503, { status: ready ? "Healthy" : "Unhealthy" });
      }
      if (!is(path, predict)) return undefined;
      if (method !== "POST") throw new MillraceError("serving.method_not_allowed", 405, `${routes.predict} takes POST, not ${method}.`, { details: { allow: "POST" } });
      const elsewhere = request.header("x-vertex-ai-triton-redirect");
      if (elsewhere !== undefined) return redirected(request, context, elsewhere);
      const endpoint = unnamedModel(request, context);
      const { params } = context.inference.endpoint(endpoint).main.held.model;
      return score(params ? withParams(request) : request, context, endpoint, vertexJson);
    },
  };
}

/** The platform reads answers as JSON by its grammar. */
const vertexJson = ({ outputs, model }: InferenceAnswer): string => writePredictions(outputs, model.rowwise, sharedJson);

/** A request whose `parameters` are `params`, as MLflow's scoring protocol calls what goes to a model beside its rows. */
function withParams(request: HttpRequest): HttpRequest {
  if (!request.body.includes('"parameters"') || isTensorRequest(request)) return request;
  const value = parseJson(bodyText(request.body));
  if (!isObject(value) || !isObject(value["parameters"]) || "params" in value) return request;
  const { parameters, ...rest } = value;
  return changedRequest(request, { body: Buffer.from(exactJson({ ...rest, params: parameters })) });
}

/** Whether every % begins an encoded byte, and the bytes are text. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function redirected(request: HttpRequest, context: ProtocolContext, to: string): HttpAnswer | Promise<HttpAnswer> {
  const plain = to.split("?", 1)[0];
  const path = isEncoded(plain) ? segments(plain) : [];
  const [first, second] = path;
  const last = path.at(-1);
  if (first !== "v2") throw invalid("serving.bad_redirect", `X-Vertex-Ai-Triton-Redirect is "${to}"; it must be an address of the Open Inference Protocol, such as v2/models/NAME/infer.`);
  if (second === "repository" && last !== "index") throw new MillraceError("serving.management_forbidden", 403, "Models are not loaded or unloaded through a redirect.");
  const posted = second === "repository" || last === "infer" || last === "generate" || last === "generate_stream";
  const length = /^application\/vnd\.vertex-ai-triton\.binary\+json;json-header-size=(\d+)$/.exec(request.header("content-type") ?? "")?.[1];
  const header = (name: string) => (name === "inference-header-content-length" && length !== undefined ? length : request.header(name));
  return openInference.handle(changedRequest(request, { method: posted ? "POST" : "GET", path, header }), context)!;
}
