import { randomUUID } from "node:crypto";
import type { InferenceRequest } from "../../inference-request.ts";
import { wholeNames } from "../../protocols/torchserve/read-payload.ts";
import { readPrediction } from "../../protocols/torchserve/predictions.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import { tellings } from "../../protocols/tellings.ts";
import { writeRows } from "../../protocols/predict/write-rows.ts";
import { defineService, parseProto } from "../define-service.ts";
import type { GrpcCall, GrpcService } from "../grpc-service.ts";
import { torchserveInferenceProto } from "./torchserve-proto.ts";

const name = "org.pytorch.serve.grpc.inference.InferenceAPIsService";

interface PredictionsRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly input: Readonly<Record<string, Uint8Array>>;
}

/** TorchServe's predictions over gRPC: the inputs are the fields that a form of `/predictions` would have, the answer its JSON. */
export const torchserveInferenceService: GrpcService = {
  name,
  definition: defineService(parseProto(torchserveInferenceProto), name),
  handlers: (context) => ({
    Ping: () => ({ health: JSON.stringify({ status: context.ready() ? "Healthy" : "Unhealthy" }) }),
    Predictions: async (request: PredictionsRequest, call: GrpcCall) => {
      const { inference, written } = read(request, call, context);
      const answer = await context.inference.infer(inference);
      call.tell(tellings(answer));
      return written(answer.outputs);
    },
    async *StreamPredictions(request: PredictionsRequest, call: GrpcCall) {
      const { inference, written } = read(request, call, context);
      for await (const answer of context.inference.stream(inference)) {
        call.tell(tellings(answer));
        yield written(answer.outputs);
      }
    },
  }),
};

function read(request: PredictionsRequest, call: GrpcCall, context: ProtocolContext) {
  // A field of one input is text, as in a form; the whole input is whatever it looks like.
  const parts = Object.entries(request.input).map(([field, bytes]) => ({ name: field, type: wholeNames.has(field) ? "" : "text/plain", bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }));
  const { form, rowwise, inference: asked } = readPrediction(parts, request.model_name, request.model_version || undefined, context);
  const inference: InferenceRequest = { ...asked, id: call.header("x-request-id") ?? randomUUID(), header: call.header, signal: () => call.signal, timeoutMs: call.timeoutMs };
  return { inference, written: (outputs: Parameters<typeof writeRows>[0]) => ({ prediction: Buffer.from(writeRows(outputs, form, rowwise)) }) };
}
