import { randomUUID } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { invalid, MillraceError } from "../../../../errors.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import type { Endpoint } from "../../models/deployment.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import { signatureDefs } from "../../protocols/tf-serving/describe-model.ts";
import { exampleTensors } from "../../protocols/tf-serving/examples.ts";
import { tellings } from "../../protocols/tellings.ts";
import { flatOutputs } from "../../protocols/tf-serving/flat-outputs.ts";
import { classifications, regressions } from "../../protocols/tf-serving/results.ts";
import { findServable, findSignature, inputSpecs } from "../../protocols/tf-serving/servable.ts";
import type { ModelSpec } from "../../protocols/tf-serving/servable.ts";
import { jsonOf } from "../../tensors/digest.ts";
import type { Input as SentInput } from "../../tensors/input.ts";
import { inputsOfRows } from "../../tensors/matrix-columns.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { defineService } from "../define-service.ts";
import type { GrpcCall, GrpcService } from "../grpc-service.ts";
import { grpcStatus } from "../grpc-status.ts";
import type { GrpcStatus } from "../grpc-status.ts";
import { readInput } from "./read-input.ts";
import { readTensors } from "./read-tensor.ts";
import { readModelSpec, writeModelSpec } from "./serving-messages.ts";
import type { ExamplesRequest, GetModelMetadataRequest, Input, MultiInferenceRequest, PredictRequest } from "./serving-messages.ts";
import { messages } from "./serving-proto.ts";

const name = "tensorflow.serving.PredictionService";
const predictResponse = messages.lookupType("tensorflow.serving.PredictResponse");
const signatureMap = messages.lookupType("tensorflow.serving.SignatureDefMap");

/** tensorflow/serving, tensorflow_serving/apis/prediction_service.proto. */
export const predictionService: GrpcService = {
  name,
  definition: defineService(messages, name, { PredictResponse: (response: object) => predictResponse.encode(response).finish() as Buffer }),
  failure: servingFailure,
  handlers: (context) => ({
    Predict: (request: PredictRequest, call: GrpcCall) => predict(request, call, context),
    Classify: async ({ model_spec, input }: ExamplesRequest, call: GrpcCall) => {
      const scored = await scoreExamples(readModelSpec(model_spec), input, call, context);
      return { model_spec: scored.spec, result: classificationResult(scored.answer) };
    },
    Regress: async ({ model_spec, input }: ExamplesRequest, call: GrpcCall) => {
      const scored = await scoreExamples(readModelSpec(model_spec), input, call, context);
      return { model_spec: scored.spec, result: regressionResult(scored.answer) };
    },
    MultiInference: (request: MultiInferenceRequest, call: GrpcCall) => multiInference(request, call, context),
    GetModelMetadata: (request: GetModelMetadataRequest) => modelMetadata(request, context),
  }),
};

/** A signature that is not there is a failed precondition; anything else has the code of its HTTP status. */
export function servingFailure(error: MillraceError): GrpcStatus {
  return error.code === "serving.unknown_signature" ? { code: status.FAILED_PRECONDITION, details: error.message } : grpcStatus(error);
}

async function predict({ model_spec, inputs, output_filter: filter }: PredictRequest, call: GrpcCall, context: ProtocolContext) {
  const spec = readModelSpec(model_spec);
  const endpoint = findServable(context, spec);
  const signature = findSignature(context, spec.signature);
  const tensors = readTensors(inputs);
  const twice = filter.find((output, at) => filter.indexOf(output) !== at);
  if (twice !== undefined) throw invalid("serving.bad_request", `duplicate output tensor alias: ${twice}`);
  const request = { ...requestFor(spec, call), inputs: tensors, outputs: filter.length > 0 ? filter : undefined, signal: () => call.signal };
  let answer: InferenceAnswer;
  try {
    answer = await context.inference.infer(request);
  } catch (error) {
    throw inTheirWords(error, endpoint, tensors);
  }
  call.tell(tellings(answer));
  const outputs = Object.fromEntries(flatOutputs(answer, tensors).map((tensor) => [tensor.name, tensor]));
  return { outputs, model_spec: writeModelSpec(spec.name, answer.version, signature) };
}

const requestFor = ({ name: endpoint, version, label }: ModelSpec, { header, timeoutMs }: GrpcCall) => ({
  endpoint,
  version,
  label,
  id: header("x-request-id") || randomUUID(),
  header,
  timeoutMs,
});

/** A request that does not fit the model, as TensorFlow Serving says it (tensorflow_serving/servables/tensorflow/predict_util.cc). */
function inTheirWords(error: unknown, { main }: Endpoint, tensors: readonly Tensor[]): unknown {
  if (!(error instanceof MillraceError)) return error;
  if (error.code === "serving.output_unknown") return invalid(error.code, `output tensor alias not found in signature: ${error.message}`);
  if (error.code !== "serving.input_missing" && error.code !== "serving.input_unknown") return error;
  const sent = tensors.map((tensor) => tensor.name);
  const wanted = inputsOfRows(main.held.model.inputs, (name) => sent.includes(name)).map((input) => input.name);
  const without = (names: readonly string[], others: readonly string[]) => names.filter((one) => !others.includes(one)).join(",");
  return invalid(
    error.code,
    `input size does not match signature: ${sent.length}!=${wanted.length} len({${sent.join(",")}}) != len({${wanted.join(",")}}). ` +
      `Sent extra: {${without(sent, wanted)}}. Missing but required: {${without(wanted, sent)}}.`,
  );
}

async function scoreExamples(spec: ModelSpec, input: Input | null, call: GrpcCall, context: ProtocolContext) {
  const endpoint = findServable(context, spec);
  const signature = findSignature(context, spec.signature);
  const examples = readInput(input);
  const content = () => jsonOf(examples);
  const request = { ...requestFor(spec, call), inputs: [] as readonly SentInput[], content, signal: () => call.signal };
  const { model } = context.inference.variantFor(request).held;
  request.inputs = exampleTensors(examples, model, inputSpecs(endpoint, model));
  const answer = await context.inference.infer(request);
  call.tell(tellings(answer));
  return { answer, spec: writeModelSpec(spec.name, answer.version, signature) };
}

function classificationResult(answer: InferenceAnswer) {
  const { rows, width, label, scores } = classifications(answer);
  return {
    classifications: Array.from({ length: rows }, (_, row) => ({
      classes: Array.from({ length: width }, (_, at) => ({ label: label(row, at), score: Number(scores?.[row * width + at] ?? 0) })),
    })),
  };
}

const regressionResult = (answer: InferenceAnswer) => ({ regressions: Array.from(regressions(answer) as Float64Array, (value) => ({ value })) });

const methods: Readonly<Record<string, (answer: InferenceAnswer) => object>> = {
  "tensorflow/serving/classify": (answer) => ({ classification_result: classificationResult(answer) }),
  "tensorflow/serving/regress": (answer) => ({ regression_result: regressionResult(answer) }),
};

/** One run of the model, told in several ways (tensorflow_serving/servables/tensorflow/multi_inference.cc). */
async function multiInference({ tasks, input }: MultiInferenceRequest, call: GrpcCall, context: ProtocolContext) {
  const specs = tasks.map((task) => readModelSpec(task.model_spec));
  const [first] = specs;
  if (!first) throw invalid("serving.bad_request", "Inference request must have at least one task.");
  for (const [at, { name: model, signature }] of specs.entries()) {
    const method = tasks[at].method_name;
    if (model === "") throw invalid("serving.bad_request", "Found ModelSpec with an empty model name.");
    if (model !== first.name) throw invalid("serving.bad_request", "All ModelSpecs in a MultiInferenceRequest must access the same model name.");
    findSignature(context, signature);
    if (!Object.hasOwn(methods, method)) throw new MillraceError("serving.unknown_method", 501, `Unsupported signature method_name: ${method}`);
    if (specs.findIndex((other, before) => other.signature === signature && tasks[before].method_name === method) < at) {
      throw invalid("serving.bad_request", `Duplicate evaluation of signature: ${findSignature(context, signature)}`);
    }
  }
  const { answer } = await scoreExamples(first, input, call, context);
  const results = tasks.map(({ method_name: method }, at) => ({
    model_spec: writeModelSpec(first.name, answer.version, specs[at].signature),
    ...methods[method](answer),
  }));
  return { results };
}

function modelMetadata({ model_spec, metadata_field: fields }: GetModelMetadataRequest, context: ProtocolContext) {
  const spec = readModelSpec(model_spec);
  if (fields.length === 0) throw invalid("serving.bad_request", "GetModelMetadataRequest must specify at least one metadata_field");
  const other = fields.find((field) => field !== "signature_def");
  if (other !== undefined) throw invalid("serving.bad_request", `MetadataField ${other} is not supported`);
  const endpoint = findServable(context, spec);
  const asked = spec.version !== undefined || spec.label !== undefined;
  const { held, version } = asked ? context.inference.variantFor({ endpoint: spec.name, version: spec.version, label: spec.label, id: "" }) : endpoint.main;
  const value = signatureMap.encode(signatureMap.fromObject({ signature_def: signatureDefs(context, held.model) })).finish();
  return {
    model_spec: writeModelSpec(spec.name, version, ""),
    metadata: { signature_def: { type_url: "type.googleapis.com/tensorflow.serving.SignatureDefMap", value } },
  };
}
