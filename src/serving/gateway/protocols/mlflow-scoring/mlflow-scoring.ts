import { randomUUID } from "node:crypto";
import { MillraceError } from "../../../../errors.ts";
import { allow } from "../method.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { tellings } from "../tellings.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { bodyText } from "../../tensors/body-text.ts";
import { readCsv } from "./csv.ts";
import { readScoringJson } from "./scoring-json.ts";
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

async function invoke(request: HttpRequest, context: ProtocolContext): Promise<HttpAnswer> {
  const contentType = request.header("content-type") ?? "";
  const asked = {
    endpoint: unnamedModel(request, context),
    id: request.header("x-request-id") || randomUUID(),
    content: () => request.body,
    unknownInputs: "ignore" as const, // as MLflow does
    header: (name: string) => request.header(name),
    signal: () => request.signal,
  };
  const { model } = context.inference.variantFor(asked).held;
  if (model.native && contentType !== "") {
    const answer = await context.inference.native(asked, { contentType, body: request.body });
    return { status: answer.status, headers: { "content-type": answer.contentType }, body: answer.body };
  }
  const inputs = scoringInputs(readData(contentType, request.body), model);
  const predicted = await context.inference.infer({ ...asked, inputs });
  return { status: 200, headers: { "content-type": "application/json", ...tellings(predicted) }, body: writePredictions(predicted.outputs, model.rowwise) };
}

function readData(contentType: string, body: Buffer) {
  const [type, ...parameters] = contentType.split(";").map((part) => part.trim());
  const other = parameters.find((parameter) => !/^charset="?utf-8"?$/i.test(parameter));
  if (other !== undefined) throw unsupported(`The content type has the parameter "${other}"; it may have charset=utf-8 only.`);
  if (type === "application/json") return readScoringJson(bodyText(body));
  if (type === "text/csv") return readCsv(bodyText(body));
  throw unsupported(`The content type is "${contentType}"; it must be application/json or text/csv for this model.`);
}

const unsupported = (sentence: string) => new MillraceError("serving.unsupported_media_type", 415, sentence);

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
