import { parseJson } from "../../tensors/parse-json.ts";
import { changedRequest } from "../changed-request.ts";
import { allow } from "../method.ts";
import { mediaType } from "../torchserve/payload.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { exactJson } from "./exact-json.ts";
import { score, scoreRows } from "./score.ts";
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
  const rows = mediaType(request.header("content-type")) === "application/json" ? inputData(request.body) : undefined;
  if (rows === undefined) return score(request, context, endpoint);
  const scored = await scoreRows(changedRequest(request, { body: Buffer.from(rows) }), context, endpoint);
  const { status, body } = scored;
  if (status !== 200 || (typeof body !== "string" && !Buffer.isBuffer(body))) return scored;
  const { predictions } = JSON.parse(body.toString()) as { predictions: unknown };
  return { ...scored, body: JSON.stringify(predictions) };
}

/** `{"input_data": …}`, which Azure's MLflow deployments take, as MLflow's own server takes it; undefined for another body. */
function inputData(body: Buffer): string | undefined {
  if (!body.includes('"input_data"')) return undefined;
  const request = parseJson(bodyText(body)) as { input_data?: unknown; params?: unknown } | null;
  const data = request?.input_data;
  if (typeof data !== "object" || data === null) return undefined;
  const form = !Array.isArray(data) && "data" in data ? "dataframe_split" : "inputs";
  return exactJson({ [form]: data, ...(request?.params !== undefined && { params: request.params }) });
}
