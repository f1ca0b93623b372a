import { invalid, notFound } from "../../../errors.ts";
import type { HttpRequest, ProtocolContext } from "./protocol.ts";

/** The header by which SageMaker's multi-model endpoints name a model. */
export const targetModelHeader = "x-amzn-sagemaker-target-model";

/** The endpoint that answers a request which names none: that of the header, the default, or the only one there is. */
export function unnamedModel(request: HttpRequest, context: ProtocolContext): string {
  const named = request.header(targetModelHeader) ?? context.defaultModel;
  if (named !== undefined) return named;
  const names = [...context.deployment().endpoints.keys()];
  if (names.length === 1) return names[0];
  if (names.length === 0) throw notFound("serving.unknown_model", "There is no model here; none is deployed.");
  throw invalid(
    "serving.which_model",
    `Several models are here, and /${request.path.join("/")} names none: ${names.map((name) => `"${name}"`).join(", ")}. Name one in the header ` +
      `X-Amzn-SageMaker-Target-Model, or start the gateway with --default-model NAME.`,
  );
}
