import { randomUUID } from "node:crypto";
import type { MillraceError } from "../../../../errors.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { allow } from "../method.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { tellings } from "../tellings.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { writeCsv, writeLines } from "./answer-lines.ts";
import { withPlainTimes } from "./plain-times.ts";
import { answerForm, isBeyondMlflow, readScoringBody } from "./scoring-body.ts";
import { scoringInputs } from "./scoring-inputs.ts";
import { writePredictions } from "./predictions.ts";

/**
 * The protocol of MLflow's scoring server, which `mlflow models serve` and its clients speak; mlflow/mlflow,
 * mlflow/pyfunc/scoring_server/__init__.py. A model with a scoring form of its own gets the request as it came.
 */
export const mlflowScoring: Protocol = {
  name: "MLflow scoring",
  prefixes: ["invocations", "ping", "health", "version"],
  paths: ["/invocations", "/ping", "/health", "/version"],
  handle,
  failure,
};

function handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> | undefined {
  const [path, ...rest] = request.path;
  if (rest.length > 0) return undefined;
  if (path === "invocations") {
    allow(request, "POST");
    return invoke(request, context);
  }
  allow(request, "GET");
  if (path === "version") return { status: 200, headers: { "content-type": "application/json" }, body: context.version };
  const ready = context.ready();
  return json(ready ? 200 : 503, { status: ready ? "Healthy" : "Unhealthy" });
}

const invoke = async (request: HttpRequest, context: ProtocolContext): Promise<HttpAnswer> => scoreTable(request, context, unnamedModel(request, context));

/** Answers a scoring request to an endpoint; `write` makes the JSON of the answer's outputs, MLflow's when absent. */
export async function scoreTable(request: HttpRequest, context: ProtocolContext, endpoint: string, write = mlflowJson): Promise<HttpAnswer> {
  const contentType = request.header("content-type") ?? "";
  const asked = {
    endpoint,
    id: request.header("x-request-id") || randomUUID(),
    content: () => request.body,
    unknownInputs: "ignore" as const, // as MLflow does
    header: (name: string) => request.header(name),
    signal: () => request.signal,
  };
  const { model } = context.inference.variantFor(asked).held;
  if (model.native && contentType !== "" && !isBeyondMlflow(request, model)) {
    const answer = await context.inference.native(asked, { contentType, body: withPlainTimes(contentType, request.body, model) });
    return { status: answer.status, headers: { "content-type": answer.contentType }, body: answer.body };
  }
  const inputs = scoringInputs(readScoringBody(contentType, request.body, model), model);
  const predicted = await context.inference.infer({ ...asked, inputs });
  const form = model.rowwise ? answerForm(request) : "json";
  const type = form === "json" ? "application/json" : form === "csv" ? "text/csv; charset=utf-8" : "application/jsonlines";
  const body = form === "json" ? write(predicted) : form === "csv" ? writeCsv(predicted.outputs) : writeLines(predicted.outputs);
  return { status: 200, headers: { "content-type": type, ...tellings(predicted) }, body };
}

const mlflowJson = ({ outputs, model }: InferenceAnswer): string => writePredictions(outputs, model.rowwise);

/** MLflow's names of failures by status; mlflow/protos/databricks.proto, ErrorCode. */
const errorCodes: Readonly<Record<number, string>> = {
  400: "BAD_REQUEST",
  404: "RESOURCE_DOES_NOT_EXIST",
  429: "REQUEST_LIMIT_EXCEEDED",
  503: "TEMPORARILY_UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function failure({ status, message }: MillraceError): HttpAnswer {
  if (status === 415) return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: message };
  return json(status, { error_code: errorCodes[status] ?? (status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR"), message });
}
