import { randomUUID } from "node:crypto";
import { describeError, invalid, MillraceError } from "../../../../errors.ts";
import { parseJsonBody } from "../../tensors/number-lists/parse-body.ts";
import { ignoresUnknown } from "../../tensors/bind.ts";
import type { Input } from "../../tensors/input.ts";
import type { InferenceAnswer } from "../../inference-request.ts";
import { tellings } from "../tellings.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "../protocol.ts";
import { signatureDefs, versionStatus } from "./describe-model.ts";
import { exampleTensors, readExamples } from "./examples.ts";
import { flatOutputs } from "./flat-outputs.ts";
import { malformed, readPredict, writePredict } from "./predict-json.ts";
import { classifyJson, regressJson } from "./results.ts";
import { findServable, findSignature, inputSpecs } from "./servable.ts";
import { isObject } from "../../tensors/json-kind.ts";
import { looseJson, sharedJson } from "../../tensors/json-text.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

/**
 * The REST API of TensorFlow Serving (tensorflow/serving, tensorflow_serving/g3doc/api_rest.md), and the V1 protocol of
 * KServe, which has two of its paths, a list of models and `:explain`.
 */
export const tfServing: Protocol = {
  name: "TensorFlow Serving and KServe V1",
  prefixes: ["v1"],
  paths: ["/v1/models", "/v1/models/{model}", "/v1/models/{model}/metadata", "/v1/models/{model}:predict", "/v1/models/{model}:classify", "/v1/models/{model}:regress"],
  handle,
};

/** What a path asks for. */
interface Asked {
  readonly name: string;
  readonly version?: string;
  readonly label?: string;
  /** `predict` of `:predict`, or `metadata`; "" for the status. */
  readonly verb: string;
}

function handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> {
  const asked = readPath(request.path);
  if (request.method === "POST") {
    if (asked?.verb === "predict") return predict(request, context, asked);
    if (asked?.verb === "classify" || asked?.verb === "regress") return scoreExamples(request, context, asked);
    if (asked?.verb === "explain") {
      findServable(context, asked);
      throw new MillraceError("serving.no_explainer", 501, `"${asked.name}" explains nothing: explanations are not built; ask it to :predict.`);
    }
  } else if (request.method === "GET" || request.method === "HEAD") {
    if (asked?.name === "" && asked.verb === "") return json(200, { models: [...context.deployment().endpoints.keys()] });
    if (asked?.verb === "") return status(context, asked);
    if (asked?.verb === "metadata") return metadata(context, asked);
  }
  throw invalid("serving.malformed_request", `Malformed request: ${request.method} /${request.path.join("/")}`);
}

/** `models[/NAME][/versions/N | /labels/L][:verb | /metadata]`, in small letters or large; undefined for what is no such path. */
function readPath([, models, ...rest]: readonly string[]): Asked | undefined {
  if (models?.toLowerCase() !== "models") return undefined;
  if (rest.length === 0) return { name: "", verb: "" };
  const last = rest.length - 1;
  const colon = rest[last].lastIndexOf(":");
  const metadataAsked = rest.length > 1 && rest[last].toLowerCase() === "metadata";
  const verb = metadataAsked ? "metadata" : colon < 0 ? "" : rest[last].slice(colon + 1).toLowerCase();
  const [name, kind, which, ...more] = metadataAsked ? rest.slice(0, -1) : colon < 0 ? rest : [...rest.slice(0, -1), rest[last].slice(0, colon)];
  if (name === "" || more.length > 0) return undefined;
  if (kind === undefined) return { name, verb };
  if (which === undefined || which === "") return undefined;
  if (kind.toLowerCase() === "labels") return { name, label: which, verb };
  if (kind.toLowerCase() !== "versions" || !/^\d+$/.test(which)) return undefined;
  return { name, version: String(BigInt(which)), verb };
}

/** `lists`: keys whose values may come as `NumberList`. */
function readBody({ body }: HttpRequest, lists: readonly string[]): JsonObject {
  if (body.length === 0) throw invalid("serving.bad_json", "JSON Parse error: The document is empty");
  let value: unknown;
  try {
    value = parseJsonBody(body, lists);
  } catch (error) {
    throw invalid("serving.bad_json", `JSON Parse error: ${describeError(error)}`);
  }
  if (!isObject(value)) throw malformed({}, "Is not object");
  if (value["signature_name"] !== undefined && typeof value["signature_name"] !== "string") {
    throw malformed(value, "not formatted correctly. 'signature_name' key must be a string value.");
  }
  return value;
}

/** A request for predictions whose inputs are still to be read: what they must be is said by the variant that it goes to. */
function requestFor(request: HttpRequest, { name, version, label }: Asked) {
  return {
    endpoint: name,
    version,
    label,
    id: request.header("x-request-id") || randomUUID(),
    inputs: [] as readonly Input[],
    content: () => request.body,
    header: (header: string) => request.header(header),
    signal: () => request.signal,
  };
}

async function predict(request: HttpRequest, context: ProtocolContext, asked: Asked): Promise<HttpAnswer> {
  const { body, wanted, model, specs, endpoint } = readRequest(request, context, asked, ["instances", "inputs"]);
  const { inputs, rows } = readPredict(body, model, specs, ignoresUnknown(model, endpoint.unknownInputs));
  wanted.inputs = inputs;
  const answer = await context.inference.infer(wanted);
  return jsonText(writePredict(flatOutputs(answer, inputs), rows, rows && isShared(asked, body) ? sharedJson : looseJson), answer);
}

/** Whether a request for predictions by rows may be one of KServe V1, which knows neither versions nor labels nor signatures. */
const isShared = ({ version, label }: Asked, body: JsonObject): boolean => version === undefined && label === undefined && body["signature_name"] === undefined;

async function scoreExamples(request: HttpRequest, context: ProtocolContext, asked: Asked): Promise<HttpAnswer> {
  const { body, wanted, model, specs } = readRequest(request, context, asked);
  wanted.inputs = exampleTensors(readExamples(body), model, specs);
  const answer = await context.inference.infer(wanted);
  return jsonText(asked.verb === "classify" ? classifyJson(answer) : regressJson(answer), answer);
}

function readRequest(request: HttpRequest, context: ProtocolContext, asked: Asked, lists: readonly string[] = []) {
  const endpoint = findServable(context, asked);
  const body = readBody(request, lists);
  findSignature(context, (body["signature_name"] as string | undefined) ?? "");
  const wanted = requestFor(request, asked);
  const { model } = context.inference.variantFor(wanted).held;
  return { body, wanted, model, endpoint, specs: inputSpecs(endpoint, model) };
}

const jsonText = (body: string, answer: InferenceAnswer): HttpAnswer => ({ status: 200, headers: { "content-type": "application/json", ...tellings(answer) }, body });

/** The versions of a model; KServe's `name` and `ready` beside them, and its 503 while none is there to answer. */
function status(context: ProtocolContext, asked: Asked): HttpAnswer {
  const versions = versionStatus(context, asked);
  if (asked.version !== undefined || asked.label !== undefined) return json(200, { model_version_status: versions });
  const variants = context.deployment().endpoints.get(asked.name)?.variants ?? [];
  const ready = versions.some(({ state }) => state === "AVAILABLE") && variants.every(({ weight, held }) => weight === 0 || held.model.healthy());
  return json(ready ? 200 : 503, { model_version_status: versions, name: asked.name, ready });
}

function metadata(context: ProtocolContext, asked: Asked): HttpAnswer {
  const endpoint = findServable(context, asked);
  const { held, version } = asked.version === undefined && asked.label === undefined ? endpoint.main : context.inference.variantFor({ ...asked, endpoint: asked.name, id: "" });
  const signatures = Object.entries(signatureDefs(context, held.model)).map(([name, signature]) => [name, { ...signature, defaults: {} }] as const);
  return json(200, {
    model_spec: { name: asked.name, signature_name: "", version },
    metadata: { signature_def: { signature_def: Object.fromEntries(signatures) } },
  });
}
