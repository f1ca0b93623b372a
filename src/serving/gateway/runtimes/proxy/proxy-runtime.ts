import { describeError, invalid, MillraceError } from "../../../../errors.ts";
import { datatypes } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { tryModel } from "../onnx/try-model.ts";
import type { LoadContext, LoadOptions, Model, RunOptions, Runtime, TensorSpec } from "../runtime.ts";
import { readInfer, writeInfer } from "./infer-messages.ts";
import { Upstream } from "./upstream.ts";
import type { UpstreamAnswer } from "./upstream.ts";

const usualConnections = 16;
const usualRunMs = 60_000;
const usualLoadMs = 10_000;
const readyEveryMs = 5000;

/**
 * Models of other servers that speak the Open Inference Protocol over REST (Triton, KServe, MLServer, TorchServe, another
 * gateway), named as `http://host:port/v2/models/NAME` or `…/NAME/versions/V`.
 */
export const proxyRuntime: Runtime = {
  name: "proxy",
  accepts: async (location) => /^https?:\/\/[^/]+.*\/v2\/models\/[^/]+(\/versions\/[^/]+)?\/?$/.test(location),
  load: loadProxy,
};

interface Metadata {
  readonly platform?: unknown;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
  /** Of another Millrace: what its models say of their rows. */
  readonly parameters?: unknown;
}

const saysIndependent = ({ parameters }: Metadata): boolean => typeof parameters === "object" && parameters !== null && "independent_rows" in parameters && parameters.independent_rows === true;

async function loadProxy(location: string, options: LoadOptions, { log }: LoadContext): Promise<Model> {
  const url = modelUrl(location);
  const path = url.pathname.replace(/\/$/, "");
  const concurrency = options.instances ?? usualConnections;
  const timeoutMs = options.runTimeoutMs ?? usualRunMs;
  const upstream = new Upstream(url, concurrency);
  const get = (from: string) => upstream.ask(from, { timeoutMs: options.loadTimeoutMs ?? usualLoadMs });
  try {
    const metadata = jsonOf<Metadata>(await get(path), location);
    const inputs = specs(metadata.inputs, `The inputs of ${location}`);
    const outputs = specs(metadata.outputs, `The outputs of ${location}`);
    const server = await get(path.slice(0, path.lastIndexOf("/v2/models/")) + "/v2");
    const binary = server.status === 200 && server.body.includes('"binary_tensor_data"');
    const names = outputs.map(({ name }) => name);
    const run = async (tensors: readonly Tensor[], { signal }: RunOptions = {}): Promise<readonly Tensor[]> => {
      const answer = await upstream.ask(`${path}/infer`, { ...writeInfer(tensors, binary), timeoutMs, signal });
      if (answer.status !== 200) throw refused(answer, url);
      try {
        return readInfer(answer, names);
      } catch (error) {
        throw new MillraceError("serving.upstream_failed", 502, `The server ${url.origin} answered what cannot be read: ${describeError(error)}.`, { cause: error });
      }
    };
    // A server that refuses a made-up row may still take real ones.
    const tried = await tryModel(inputs, outputs, run).catch(() => ({ rowwise: false, dependent: false }));
    const rowwise = options.rowwise ?? tried.rowwise;
    const independentRows = options.rowwise ?? (rowwise && !tried.dependent && saysIndependent(metadata));
    const readiness = watchReadiness(upstream, path, (ready) => log[ready ? "info" : "warn"](`${location} is ${ready ? "ready again" : "not ready"}`));
    return {
      platform: typeof metadata.platform === "string" ? metadata.platform : "",
      inputs,
      outputs,
      classes: undefined,
      rowwise,
      independentRows,
      ...(!independentRows && { dependence: "The other server does not say that its rows are independent." }),
      concurrency,
      cores: 0,
      memoryBytes: 0,
      run,
      healthy: readiness.ready,
      release: async () => {
        readiness.stop();
        upstream.close();
      },
    };
  } catch (error) {
    upstream.close();
    throw invalid("serving.model_unreadable", `The model ${location} cannot be used: ${describeError(error)}`, { location });
  }
}

function modelUrl(location: string): URL {
  const url = URL.parse(location);
  if (url && /^https?:$/.test(url.protocol) && url.pathname.includes("/v2/models/")) return url;
  throw invalid("serving.model_missing", `"${location}" names no model of another server; it must read http://host:port/v2/models/NAME.`, { location });
}

function jsonOf<T>(answer: UpstreamAnswer, from: string): T {
  if (answer.status !== 200) throw new Error(`${from} answered ${answer.status}: ${sentenceOf(answer)}`);
  return JSON.parse(answer.body.toString("utf8")) as T;
}

function specs(value: unknown, where: string): TensorSpec[] {
  if (!Array.isArray(value)) throw new Error(`${where} are not told in its metadata`);
  return (value as TensorSpec[]).map(({ name, datatype, shape }) => {
    if (typeof name === "string" && datatypes.has(datatype) && Array.isArray(shape) && shape.every((size) => Number.isInteger(size))) {
      return { name, datatype, shape: shape.map((size) => (size < 0 ? -1 : size)) };
    }
    throw new Error(`${where} have one that cannot be used: ${JSON.stringify({ name, datatype, shape })}`);
  });
}

/** What the server says: it refuses the request, its model failed, it is busy or late; everything else is its own fault. */
function refused(answer: UpstreamAnswer, url: URL): Error {
  const sentence = `The server ${url.origin} answered ${answer.status}: ${sentenceOf(answer)}`;
  if (answer.status === 400 || answer.status === 422) return invalid("serving.upstream_refused", sentence);
  if (answer.status === 500) return new Error(sentence);
  if (answer.status === 429 || answer.status === 503) return new MillraceError("serving.upstream_busy", answer.status, sentence);
  if (answer.status === 504) return new MillraceError("serving.upstream_late", 504, sentence);
  return new MillraceError("serving.upstream_failed", 502, sentence);
}

function sentenceOf({ body }: UpstreamAnswer): string {
  const text = body.toString("utf8").slice(0, 1000);
  try {
    const { error, detail } = JSON.parse(text) as { error?: unknown; detail?: unknown };
    const said = error ?? detail;
    if (said !== undefined) return typeof said === "string" ? said : JSON.stringify(said);
  } catch {
    // No JSON: the text itself.
  }
  return text.trim() || "no reason given";
}

/** Asks now and then whether the model is ready, as the server says. */
function watchReadiness(upstream: Upstream, path: string, onChange: (ready: boolean) => void): { ready: () => boolean; stop: () => void } {
  let ready = true;
  let stopped = false;
  const look = async () => {
    const now = await upstream.ask(`${path}/ready`, { timeoutMs: readyEveryMs }).then(
      ({ status, body }) => status === 200 && !/"ready"\s*:\s*false/.test(body.toString("utf8", 0, 1000)),
      () => false,
    );
    if (stopped) return;
    if (now !== ready) onChange(now);
    ready = now;
    timer = lookLater();
  };
  const lookLater = () => setTimeout(() => void look(), readyEveryMs).unref();
  let timer = lookLater();
  return {
    ready: () => ready,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
