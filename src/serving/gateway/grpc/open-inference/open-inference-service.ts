import { notFound } from "../../../../errors.ts";
import { modelConfig, modelMetadata, modelReady, serverMetadata, variantOf } from "../../protocols/open-inference/describe-model.ts";
import { loadModel, repositoryIndex, unloadModel } from "../../protocols/open-inference/model-repository.ts";
import { statisticsAnswer } from "../../protocols/open-inference/statistics.ts";
import { tellings } from "../../protocols/tellings.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import { defineService } from "../define-service.ts";
import type { GrpcCall, GrpcService } from "../grpc-service.ts";
import type { ModelInferRequest, ModelInferResponse, ModelStreamInferResponse, ParameterMap } from "./infer-messages.ts";
import { openInferenceMessages } from "./infer-proto.ts";
import { inferStream } from "./infer-stream.ts";
import { plain, readInferRequest } from "./read-request.ts";
import { writeInferResponse } from "./write-response.ts";

const name = "inference.GRPCInferenceService";
const messages = openInferenceMessages();
const inferResponse = messages.lookupType("inference.ModelInferResponse");
const streamResponse = messages.lookupType("inference.ModelStreamInferResponse");

/** A model, or a version of it, as most requests name it. */
interface NamedModel {
  readonly name: string;
  readonly version: string;
}

interface NamedRepositoryModel {
  readonly model_name: string;
  readonly parameters: ParameterMap;
}

const asked = ({ name, version }: NamedModel) => ({ name, version: version || undefined });

/** The Open Inference Protocol over gRPC, with what Triton adds to the service but shared memory, traces and log settings. */
export const openInferenceService: GrpcService = {
  name,
  definition: defineService(messages, name, {
    ModelInferResponse: (response: ModelInferResponse) => inferResponse.encode(response).finish() as Buffer,
    ModelStreamInferResponse: (response: ModelStreamInferResponse) => streamResponse.encode(response).finish() as Buffer,
  }),
  handlers: (context) => ({
    ServerLive: () => ({ live: true }),
    ServerReady: () => ({ ready: context.ready() }),
    ModelReady: (request: NamedModel) => ({ ready: ready(request, context) }),
    ServerMetadata: () => serverMetadata(context),
    ModelMetadata: (request: NamedModel) => {
      const { name, version } = asked(request);
      const endpoint = context.inference.endpoint(name);
      const metadata = modelMetadata(endpoint, variantOf(endpoint, version));
      return { ...metadata, parameters: asParameters(metadata.parameters) };
    },
    ModelInfer: async (request: ModelInferRequest, call: GrpcCall) => {
      const read = readInferRequest(request, call);
      const answer = await context.inference.infer(read.inference);
      call.tell(tellings(answer));
      return writeInferResponse(answer, read);
    },
    ModelStreamInfer: (requests: AsyncIterable<ModelInferRequest>, call: GrpcCall) => inferStream(requests, call, context),
    ModelConfig: (request: NamedModel) => {
      const { name, version } = asked(request);
      const endpoint = context.inference.endpoint(name);
      return { config: modelConfig(endpoint, variantOf(endpoint, version)) };
    },
    ModelStatistics: (request: NamedModel) => statisticsAnswer(context, request.name || undefined, request.version || undefined),
    RepositoryIndex: ({ ready }: { ready: boolean }) => ({ models: repositoryIndex(context.repository, ready) }),
    RepositoryModelLoad: async ({ model_name, parameters }: NamedRepositoryModel, call: GrpcCall) => {
      context.mayManage(call.header, true);
      await loadModel(context.repository, model_name, plain(parameters));
      return {};
    },
    RepositoryModelUnload: async ({ model_name }: NamedRepositoryModel, call: GrpcCall) => {
      context.mayManage(call.header, true);
      await unloadModel(context.repository, model_name);
      return {};
    },
  }),
};

const asParameters = (values: Readonly<Record<string, string | number | boolean>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? { string_param: value } : typeof value === "number" ? { int64_param: value } : { bool_param: value }]));

/** Of a model that is not there the protocol asks no error but the answer that it is not ready. */
function ready(request: NamedModel, context: ProtocolContext): boolean {
  if (request.name === "") throw notFound("serving.unknown_model", `The request names no model.`);
  const { name, version } = asked(request);
  const endpoint = context.deployment().endpoints.get(name);
  if (!endpoint || (version !== undefined && !endpoint.variants.some((variant) => variant.version === version))) return false;
  return modelReady(endpoint, version);
}
