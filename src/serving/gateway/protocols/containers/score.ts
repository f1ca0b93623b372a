import { scoreTable } from "../mlflow-scoring/mlflow-scoring.ts";
import type { HttpAnswer, HttpRequest, ProtocolContext } from "../protocol.ts";
import { answerPrediction } from "../torchserve/predictions.ts";
import { mediaType } from "../torchserve/payload.ts";
import { answerTensors, isTensorRequest } from "./triton-infer.ts";

/** The keys with which MLflow's requests begin; the first two are AI Platform's and Vertex AI's, too. */
const scoringKeys = /^\s*\{\s*"(instances|parameters|inputs|dataframe_split|dataframe_records|params)"\s*:/;

/**
 * Answers a request that a platform carries to a container as it came: by the Open Inference Protocol where it has tensors, by
 * MLflow's scoring protocol where it has that one's form (or the model one of its own), else as `/predictions` does. `write`: as `scoreTable` takes it.
 */
export async function score(request: HttpRequest, context: ProtocolContext, endpoint: string, write?: Parameters<typeof scoreTable>[3]): Promise<HttpAnswer> {
  if (isTensorRequest(request)) return answerTensors(request, context, endpoint);
  const { model } = context.inference.endpoint(endpoint).main.held;
  const type = mediaType(request.header("content-type"));
  const json = type === "application/json" && scoringKeys.test(request.body.toString("latin1", 0, 200));
  if (model.native || type === "text/csv" || type === "application/jsonlines" || json) return scoreTable(request, context, endpoint, write);
  return answerPrediction(request, context, endpoint, undefined);
}
