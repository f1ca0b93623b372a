import { randomUUID } from "node:crypto";
import { MillraceError } from "../../../../errors.ts";
import type { InferenceRequest } from "../../inference-request.ts";
import type { Endpoint } from "../../models/deployment.ts";
import type { HttpAnswer, HttpRequest, ProtocolContext } from "../protocol.ts";
import type { RowForm } from "../predict/read-rows.ts";
import { writeRows } from "../predict/write-rows.ts";
import { tellings } from "../tellings.ts";
import { readParts } from "./payload.ts";
import type { Part } from "./payload.ts";
import { readPayload } from "./read-payload.ts";

/** The version as it is served: archives of TorchServe say 1.0 where versions here are whole numbers. */
export const versionOf = ({ variants }: Pick<Endpoint, "variants">, asked: string): string =>
  variants.some(({ version }) => version === asked) ? asked : asked.replace(/^(\d+)\.0$/, "$1");

/** A request in parts as an inference request, and the form in which its answer goes out. */
export function readPrediction(parts: readonly Part[], name: string, asked: string | undefined, context: ProtocolContext): { form: RowForm; rowwise: boolean; inference: Pick<InferenceRequest, "endpoint" | "version" | "inputs"> } {
  const endpoint = context.inference.endpoint(name);
  const version = asked === undefined ? undefined : versionOf(endpoint, asked);
  const { model } = (version === undefined ? endpoint.main : endpoint.version(version)).held;
  const { form, inputs } = readPayload(parts, model);
  return { form, rowwise: model.rowwise, inference: { endpoint: name, version, inputs } };
}

/** Answers `/predictions/{model}[/{version}]` and its older names. */
export async function answerPrediction(request: HttpRequest, context: ProtocolContext, name: string, version: string | undefined): Promise<HttpAnswer> {
  if (!["POST", "PUT", "GET"].includes(request.method)) {
    throw new MillraceError("serving.method_not_allowed", 405, `Predictions are asked for with POST or PUT, not ${request.method}.`, { details: { allow: "POST, PUT, GET, OPTIONS" } });
  }
  // A GET carries its inputs in the address.
  const inAddress = request.body.length === 0 && request.query.size > 0;
  const parts = inAddress ? [...request.query].map(([key, text]) => ({ name: key, type: "text/plain", bytes: Buffer.from(text) })) : await readParts(request);
  const { form, rowwise, inference } = readPrediction(parts, name, version, context);
  const id = request.header("x-request-id") ?? randomUUID();
  const answer = await context.inference.infer({
    ...inference,
    id,
    stickyKey: request.header("x-sticky-key"),
    header: (header) => request.header(header),
    signal: () => request.signal,
  });
  return {
    status: 200,
    headers: { "content-type": "application/json", "x-request-id": id, "x-model-version": encodeURIComponent(answer.version), ...tellings(answer) },
    body: writeRows(answer.outputs, form, rowwise),
  };
}
