import { describeError, invalid, MillraceError, notFound } from "../../errors.ts";
import { bindInputs } from "./tensors/bind.ts";
import type { BoundInputs } from "./tensors/bind.ts";
import type { Deployment, Endpoint, Variant } from "./models/deployment.ts";
import type { LogEntry } from "./log/log-chunk.ts";
import type { NativeAnswer, NativeRequest } from "./runtimes/runtime.ts";
import type { Tensor } from "./tensors/tensor.ts";
import { pickVariant, position } from "./traffic/traffic.ts";
import type { VariantStats } from "./metrics/variant-stats.ts";

/** A request for predictions, whatever protocol it came by. */
export interface InferenceRequest {
  readonly endpoint: string;
  /** Asks for one model version instead of the one that traffic rules pick. */
  readonly version?: string;
  readonly id: string;
  /** What sticks to a variant, such as a user id; the request id when absent. */
  readonly stickyKey?: string;
  /** When what is predicted about happened, in milliseconds since 1970; the time received when absent. */
  readonly eventTime?: number;
  readonly inputs: readonly Tensor[];
  /** Asks for the version that bears a label, such as `stable`. */
  readonly label?: string;
  /** 1 goes first; 0, or absent, is the usual priority, behind all others. */
  readonly priority?: number;
  /** Milliseconds after which nobody wants the answer any more, from now on. */
  readonly timeoutMs?: number;
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal;
  /** The header (or gRPC metadata) of that lower-case name, for traffic rules. */
  readonly header?: (name: string) => string | undefined;
  /** Names of the outputs wanted; all when absent. */
  readonly outputs?: readonly string[];
}

export interface InferenceAnswer {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  readonly outputs: readonly Tensor[];
}

export interface InferenceParts {
  readonly deployment: () => Deployment;
  readonly stats: (endpoint: string, version: string, variant: string) => VariantStats;
  readonly log: (entry: LogEntry) => void;
  /** Told of failures of models, which clients see only as a sentence. */
  readonly onModelError: (error: Error) => void;
}

/**
 * The path of a request through the gateway: variant, inputs, model, answer; then, when the answer is on its way, log
 * and shadows.
 */
export class Inference {
  readonly #parts: InferenceParts;
  readonly #afterwards = new Set<Promise<void>>();

  constructor(parts: InferenceParts) {
    this.#parts = parts;
  }

  /** The endpoint of that name in the configuration served now; 404 with the names there are. */
  endpoint(name: string): Endpoint {
    return findEndpoint(this.#parts.deployment(), name);
  }

  /** Scores a request. Fails with a sentence and the HTTP status 400, 404, 429, 499, 500, 503 or 504. */
  async infer(request: InferenceRequest): Promise<InferenceAnswer> {
    const receivedAt = Date.now();
    const start = performance.now();
    const deployment = this.#parts.deployment().enter();
    let handedOver = false;
    try {
      const endpoint = findEndpoint(deployment, request.endpoint);
      const variant =
        request.version === undefined ? assign(endpoint, request) : findVersion(endpoint, request.version);
      const scored = await this.#score(endpoint, variant, request, start);
      handedOver = true;
      this.#afterAnswer(async () => {
        const propensity = request.version === undefined ? variant.weight : 1;
        this.#logScored(scored, variant, endpoint, request, receivedAt, propensity, false);
        if (request.version === undefined) await this.#shadow(endpoint, variant, request, receivedAt);
      }, deployment);
      if (scored.error) throw scored.error;
      return {
        endpoint: endpoint.name,
        version: variant.version,
        variant: variant.name,
        outputs: selectOutputs(scored.outputs!, request.outputs),
      };
    } finally {
      if (!handedOver) deployment.leave();
    }
  }

  /** The variant that answers a request as the configuration is now; the request must follow in the same turn of the event loop. */
  variantFor(request: Omit<InferenceRequest, "inputs">): Variant {
    const endpoint = this.endpoint(request.endpoint);
    return request.version === undefined ? assign(endpoint, request) : findVersion(endpoint, request.version);
  }

  /**
   * Answers a request in the own form of the model that `variantFor` names. What was scored is logged, and given to the
   * shadows, where the model can tell its rows. Fails as `infer` does.
   */
  async native(request: Omit<InferenceRequest, "inputs">, body: NativeRequest): Promise<NativeAnswer> {
    const receivedAt = Date.now();
    const start = performance.now();
    const deployment = this.#parts.deployment().enter();
    let handedOver = false;
    try {
      const endpoint = findEndpoint(deployment, request.endpoint);
      const variant =
        request.version === undefined ? assign(endpoint, request) : findVersion(endpoint, request.version);
      const answer = await this.#runNative(endpoint, variant, body, request.signal);
      const { scored } = answer;
      const runMs = performance.now() - start;
      if (!scored) return answer;
      handedOver = true;
      this.#afterAnswer(async () => {
        const { rows, inputs, outputs } = scored;
        const entry: Scored = { bound: { rows, inputs }, outputs, seconds: runMs / 1000, queueMs: 0, runMs, error: undefined };
        const tensors: InferenceRequest = { ...request, inputs };
        this.#logScored(entry, variant, endpoint, tensors, receivedAt, request.version === undefined ? variant.weight : 1, false);
        if (request.version === undefined) await this.#shadow(endpoint, variant, tensors, receivedAt);
      }, deployment);
      return answer;
    } finally {
      if (!handedOver) deployment.leave();
    }
  }

  async #runNative(endpoint: Endpoint, variant: Variant, body: NativeRequest, signal: AbortSignal | undefined): Promise<NativeAnswer> {
    const { version, name, held } = variant;
    const stats = this.#parts.stats(endpoint.name, version, name);
    const began = performance.now();
    try {
      const answer = await held.model.native!(body, { signal });
      const runMs = performance.now() - began;
      if (answer.status >= 400) stats.failed(answer.status >= 500 ? "error" : "invalid", runMs / 1000);
      else {
        const rows = answer.scored?.rows ?? 1;
        held.batches.add(rows, runMs);
        stats.answered(rows, { inputMs: 0, queueMs: 0, runMs, outputMs: 0 });
      }
      return answer;
    } catch (cause) {
      stats.failed("error", (performance.now() - began) / 1000);
      throw this.#failure(cause, variant, endpoint);
    }
  }

  /** A failure of a model as its clients hear of it; told to the log where it is the model's own. */
  #failure(cause: unknown, { version, name }: Variant, endpoint: Endpoint): MillraceError {
    if (cause instanceof MillraceError) return cause;
    const error = new MillraceError(
      "serving.model_failed",
      500,
      `Version ${version} (${name}) of "${endpoint.name}" failed to score the request: ${describeError(cause)}`,
      { cause },
    );
    this.#parts.onModelError(error);
    return error;
  }

  /** Resolves when the log entries and shadow scores of all answered requests are done. */
  async settled(): Promise<void> {
    while (this.#afterwards.size > 0) await Promise.all(this.#afterwards);
  }

  /** Runs `work` in a later turn of the event loop: the answer goes out first. */
  #afterAnswer(work: () => Promise<void>, deployment: Deployment): void {
    const done = new Promise<void>((resolve) => setImmediate(resolve))
      .then(work)
      .catch((error: unknown) => this.#parts.onModelError(new Error(describeError(error), { cause: error })))
      .finally(() => {
        deployment.leave();
        this.#afterwards.delete(done);
      });
    this.#afterwards.add(done);
  }

  /** The same request through every shadow variant but the one that answered. */
  async #shadow(endpoint: Endpoint, answered: Variant, request: InferenceRequest, receivedAt: number): Promise<void> {
    const shadows = endpoint.variants.filter((variant) => variant.shadow && variant !== answered);
    await Promise.all(
      shadows.map(async (variant) => {
        try {
          // Its client has its answer and waits no more.
          const own = { ...request, outputs: undefined, signal: undefined, timeoutMs: undefined };
          const scored = await this.#score(endpoint, variant, own, performance.now());
          this.#logScored(scored, variant, endpoint, request, receivedAt, 1 - variant.weight, true);
        } catch (error) {
          // The request does not fit the shadow's inputs (or its queue is full): counted in its metrics, nobody waits
          // for it.
          if (!(error instanceof MillraceError)) throw error;
        }
      }),
    );
  }

  async #score(endpoint: Endpoint, variant: Variant, request: InferenceRequest, start: number): Promise<Scored> {
    const stats = this.#parts.stats(endpoint.name, variant.version, variant.name);
    const { model, batcher } = variant.held;
    let bound: BoundInputs;
    try {
      bound = bindInputs(request.inputs, model, endpoint.inputNames);
      checkOutputs(variant, request.outputs);
    } catch (error) {
      stats.failed("invalid", (performance.now() - start) / 1000);
      throw error;
    }
    const inputMs = performance.now() - start;
    try {
      const { outputs, queueMs, runMs } = await batcher.score(bound.rows, bound.inputs, request);
      const elapsed = performance.now() - start;
      stats.answered(bound.rows, { inputMs, queueMs, runMs, outputMs: Math.max(0, elapsed - inputMs - queueMs - runMs) });
      return { bound, outputs, seconds: elapsed / 1000, queueMs, runMs, error: undefined };
    } catch (cause) {
      const seconds = (performance.now() - start) / 1000;
      stats.failed("error", seconds);
      const error = this.#failure(cause, variant, endpoint);
      if (cause instanceof MillraceError) throw cause;
      return { bound, outputs: undefined, seconds, queueMs: 0, runMs: 0, error };
    }
  }

  #logScored(
    { bound, outputs, seconds, queueMs, runMs }: Scored,
    { version, name, held }: Variant,
    endpoint: Endpoint,
    request: InferenceRequest,
    receivedAt: number,
    propensity: number,
    shadow: boolean,
  ): void {
    this.#parts.log({
      requestId: request.id,
      eventTime: request.eventTime ?? receivedAt,
      receivedAt,
      endpoint: endpoint.name,
      version,
      variant: name,
      shadow,
      propensity,
      latencyMicros: Math.round(seconds * 1e6),
      queueMicros: Math.round(queueMs * 1e3),
      runMicros: Math.round(runMs * 1e3),
      status: outputs ? "ok" : "error",
      rows: bound.rows,
      model: held.model,
      inputs: bound.inputs,
      outputs,
    });
  }
}

interface Scored {
  readonly bound: BoundInputs;
  readonly outputs: readonly Tensor[] | undefined;
  readonly seconds: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly error: MillraceError | undefined;
}

const assign = (endpoint: Endpoint, request: Omit<InferenceRequest, "inputs">): Variant =>
  endpoint.variants.length === 1
    ? endpoint.variants[0]
    : pickVariant(endpoint.variants, position(endpoint.salt, request.stickyKey ?? request.id));

function findEndpoint(deployment: Deployment, name: string): Endpoint {
  const endpoint = deployment.endpoints.get(name);
  if (endpoint) return endpoint;
  const names = [...deployment.endpoints.keys()].map((known) => `"${known}"`).join(", ");
  throw notFound(
    "serving.unknown_model",
    `There is no model "${name}" here; ${names ? `there is: ${names}` : "none is deployed"}.`,
  );
}

/** The variant that serves a version of an endpoint; 404 with the versions there are. */
export function findVersion(endpoint: Endpoint, version: string): Variant {
  const found =
    endpoint.variants.find((variant) => variant.version === version && !variant.shadow) ??
    endpoint.variants.find((variant) => variant.version === version);
  if (found) return found;
  const versions = [...new Set(endpoint.variants.map((variant) => `"${variant.version}"`))].join(", ");
  throw notFound(
    "serving.unknown_version",
    `"${endpoint.name}" has no version "${version}" deployed; there is: ${versions}.`,
  );
}

function checkOutputs(variant: Variant, wanted: readonly string[] | undefined): void {
  const names = variant.held.model.outputs.map((output) => output.name);
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown === undefined || names.length === 0) return; // A model may not know its outputs before its first answer.
  throw unknownOutput(unknown, names);
}

function unknownOutput(unknown: string, names: readonly string[]): MillraceError {
  const known = names.map((name) => `"${name}"`).join(", ");
  return invalid("serving.output_unknown", `The model has no output "${unknown}"; its outputs are ${known}.`);
}

const selectOutputs = (outputs: readonly Tensor[], wanted: readonly string[] | undefined): readonly Tensor[] =>
  wanted ? wanted.map((name) => outputs.find((tensor) => tensor.name === name) ?? missingOutput(name, outputs)) : outputs;

/** A model without a signature may answer otherwise than it did before. */
const missingOutput = (name: string, outputs: readonly Tensor[]): never => {
  throw unknownOutput(name, outputs.map((tensor) => tensor.name));
};
