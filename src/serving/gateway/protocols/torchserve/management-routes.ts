import { invalid, notFound } from "../../../../errors.ts";
import { isObject } from "../../tensors/json-kind.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { notAllowed } from "../method.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, HttpRequest, ProtocolContext } from "../protocol.ts";
import { modelFolder } from "../containers/model-folder.ts";
import { describeModel, listModels, whereFrom } from "./describe.ts";
import { register, scale, servedVersion, setDefault, unregister } from "./management.ts";
import type { Done, Registration } from "./management.ts";
import { mediaType } from "./payload.ts";
import { bodyText } from "../../tensors/body-text.ts";

/** Answers what is at `/models` but predictions. pytorch/serve, docs/management_api.md. */
export async function manage(request: HttpRequest, context: ProtocolContext): Promise<HttpAnswer> {
  const [, name, version, action, ...rest] = request.path;
  const { method, query } = request;
  if (rest.length > 0 || (action !== undefined && action !== "set-default")) {
    throw notFound("serving.unknown_path", `There is nothing at ${method} /${request.path.join("/")}.`);
  }
  context.mayManage((header) => request.header(header));
  if (name === undefined) {
    if (method === "GET") return json(200, listModels(context, whole(query.get("limit")), whole(query.get("next_page_token"))));
    if (method === "POST") return registered(request, context);
    throw notAllowed(request, "GET, POST");
  }
  if (action !== undefined) {
    if (method !== "PUT") throw notAllowed(request, "PUT");
    return done(await setDefault(context, name, version));
  }
  if (method === "GET" && context.multiModel) return json(200, whereFrom(servedVersion(context.repository, name, version), context));
  if (method === "GET") return json(200, describeModel(context, name, version, query.get("customized")?.toLowerCase() === "true"));
  if (method === "DELETE") return done(await unregister(context, name, version));
  if (method !== "PUT") throw notAllowed(request, "GET, PUT, DELETE");
  const asked = { minWorker: whole(query.get("min_worker")), maxWorker: whole(query.get("max_worker")), synchronous: flag(query.get("synchronous")) };
  return done(await scale(context, name, version ?? query.get("model_version") ?? undefined, asked));
}

async function registered(request: HttpRequest, context: ProtocolContext): Promise<HttpAnswer> {
  const asked = readRegistration(request);
  const inner = context.multiModel && asked.url !== undefined ? await modelFolder(asked.url) : asked.url;
  return done(await register(context, { ...asked, ...(inner !== undefined && { url: inner }) }));
}

const done = ({ status, message }: Done): HttpAnswer => json(status, { status: message });

/** Of the address, or of a JSON body with the same names, as SageMaker's multi-model endpoints send it. */
function readRegistration(request: HttpRequest): Registration {
  const given = mediaType(request.header("content-type")) === "application/json" ? readFields(request.body) : request.query;
  const text = (name: string) => given.get(name) ?? undefined;
  return {
    url: text("url"),
    modelName: text("model_name"),
    modelVersion: text("model_version"),
    handler: text("handler"),
    runtime: text("runtime"),
    initialWorkers: whole(given.get("initial_workers")),
    synchronous: flag(given.get("synchronous") ?? "true"), // the default of RegisterModelRequest.java; the manual says false
    responseTimeout: whole(given.get("response_timeout")),
    startupTimeout: whole(given.get("startup_timeout")),
  };
}

function readFields(body: Buffer): ReadonlyMap<string, string> {
  const value = parseJson(bodyText(body));
  if (!isObject(value)) throw invalid("serving.bad_request", 'The body must be a JSON object with "url" and "model_name".');
  const fields = Object.entries(value).filter(([, one]) => ["string", "number", "boolean"].includes(typeof one));
  return new Map(fields.map(([name, one]) => [name, String(one)]));
}

/** A whole number; undefined where it is none, as TorchServe takes it. */
const whole = (text: string | null | undefined): number | undefined => (text && /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined);

const flag = (text: string | null | undefined): boolean => text?.toLowerCase() === "true";
