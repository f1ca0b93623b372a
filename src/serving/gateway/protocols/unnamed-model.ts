import { invalid, notFound } from "../../../errors.ts";
import type { HttpRequest, ProtocolContext } from "./protocol.ts";

/** The header by which SageMaker's multi-model endpoints name a model. */
export const targetModelHeader = "x-amzn-sagemaker-target-model";

/**
 * The endpoint that answers a request whose protocol names none, in every such protocol: that of the header, of TorchServe's query
 * parameter `model_name` (pytorch/serve, InferenceRequestHandler), the default, or the only one there is. Where there are several,
 * fails with `serving.which_model`, which tells how to name one: `named` is the address of a model, where the protocol has that, too.
 */
export function unnamedModel(request: HttpRequest, context: ProtocolContext, named?: (name: string) => string): string {
  const asked = request.header(targetModelHeader) ?? request.query.get("model_name") ?? context.defaultModel;
  if (asked !== undefined) return asked;
  const names = [...context.deployment().endpoints.keys()].toSorted();
  if (names.length === 1) return names[0];
  if (names.length === 0) throw notFound("serving.unknown_model", "There is no model here; none is deployed.");
  throw invalid(
    "serving.which_model",
    `Several models are here, and /${request.path.join("/")} names none: ${names.map((name) => `"${name}"`).join(", ")}. ` +
      `${named ? `Ask at ${named(names[0])}, name one` : "Name one"} in the header X-Amzn-SageMaker-Target-Model, or start the gateway with --default-model NAME.`,
  );
}
