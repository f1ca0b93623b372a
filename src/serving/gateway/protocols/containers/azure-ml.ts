import { parseJson } from "../../tensors/parse-json.ts";
import { changedRequest } from "../changed-request.ts";
import { allow } from "../method.ts";
import { mediaType } from "../torchserve/payload.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { readEnvelope } from "./azure-envelope.ts";
import { score } from "./score.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { predictionsJson } from "../mlflow-scoring/predictions.ts";
import { scoreTable } from "../mlflow-scoring/mlflow-scoring.ts";
import { rowsJson } from "../predict/write-rows.ts";
import { bodyText } from "../../tensors/body-text.ts";

/**
 * `POST /score`, which Azure Machine Learning's own servers answer: PyPI azureml-inference-server-http; for MLflow models
 * learn.microsoft.com, "how-to-deploy-mlflow-models-online-endpoints". Liveness is `GET /`.
 */
export const azureMl: Protocol = {
  name: "Azure ML",
  prefixes: ["score"],
  paths: ["/score"],
  handle: (request, context) => {
    if (request.path.length > 1) return undefined;
    allow(request, "POST");
    return answer(request, context, unnamedModel(request, context));
  },
};

async function answer(request: HttpRequest, context: ProtocolContext, endpoint: string): Promise<HttpAnswer> {
  const isJson = mediaType(request.header("content-type")) === "application/json" && marks.some((mark) => request.body.includes(mark));
  const envelope = isJson ? readEnvelope(parseJson(bodyText(request.body))) : undefined;
  if (!envelope) return score(request, context, endpoint);
  const { body, named, wrap } = envelope;
  const plain = (name: string) => (name === "accept" ? undefined : request.header(name));
  const write = ({ outputs, model }: InferenceAnswer): string => wrap(named && model.rowwise ? `[${rowsJson(outputs).join(",")}]` : predictionsJson(outputs, model.rowwise));
  let written = false;
  const scored = await scoreTable(changedRequest(request, { header: plain, body: Buffer.from(body) }), context, endpoint, (predicted) => {
    written = true;
    return write(predicted);
  });
  // A model with a scoring form of its own has written MLflow's answer.
  const text = scored.status === 200 && !written && (typeof scored.body === "string" || Buffer.isBuffer(scored.body)) ? scored.body.toString() : "";
  const [, predictions] = /^\s*\{\s*"predictions":\s*([^]*)\}\s*$/.exec(text) ?? [];
  return predictions === undefined ? scored : { ...scored, body: wrap(predictions) };
}

/** Without these a body is none of Azure's own envelopes. */
const marks = ['"input_data"', '"Inputs"', '"method"'];
