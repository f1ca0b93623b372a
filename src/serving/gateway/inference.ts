import { describeError, invalid, MillraceError, notFound } from "../../errors.ts";
import { bindInputs } from "./tensors/bind.ts";
import type { BoundInputs } from "./tensors/bind.ts";
import type { Deployment, Endpoint, Variant } from "./models/deployment.ts";
import type { LogEntry } from "./log/log-chunk.ts";
import type { Tensor } from "./tensors/tensor.ts";
import type { Model } from "./runtimes/runtime.ts";
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
  readonly model: Model;
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
        model: variant.held.model,
        outputs: selectOutputs(scored.outputs!, request.outputs),
      };
    } finally {
      if (!handedOver) deployment.leave();
    }
  }

  /**
   * Scores a request in parts, of which a model that cannot stream gives one. No part waits in a batch; shadows do not see
   * the request, and the prediction log holds the last part. Fails as `infer` does.
   */
  async *stream(request: InferenceRequest): AsyncGenerator<InferenceAnswer> {
    const deployment = this.#parts.deployment().enter();
    try {
      const endpoint = findEndpoint(deployment, request.endpoint);
      const variant = request.version === undefined ? assign(endpoint, request) : findVersion(endpoint, request.version);
      const { model } = variant.held;
      if (!model.stream) {
        yield await this.infer(request);
        return;
      }
      yield* this.#streamFrom(endpoint, variant, model.stream.bind(model), request);
    } finally {
      deployment.leave();
    }
  }

  async *#streamFrom(endpoint: Endpoint, variant: Variant, stream: NonNullable<Model["stream"]>, request: InferenceRequest): AsyncGenerator<InferenceAnswer> {
    const receivedAt = Date.now();
    const start = performance.now();
    const { held: { model }, name, version } = variant;
    const stats = this.#parts.stats(endpoint.name, version, name);
    let bound: BoundInputs;
    try {
      bound = bindInputs(request.inputs, model, endpoint.inputNames);
      checkOutputs(variant, request.outputs);
    } catch (error) {
      stats.failed("invalid", (performance.now() - start) / 1000);
      throw error;
    }
    const inputMs = performance.now() - start;
    let outputs: readonly Tensor[] | undefined;
    let error: MillraceError | undefined;
    try {
      for await (outputs of stream(bound.inputs, { signal: request.signal })) {
        yield { endpoint: endpoint.name, version, variant: name, model, outputs: selectOutputs(outputs, request.outputs) };
      }
      stats.answered(bound.rows, { inputMs, queueMs: 0, runMs: performance.now() - start - inputMs, outputMs: 0 });
    } catch (cause) {
      stats.failed("error", (performance.now() - start) / 1000);
      error = this.#modelFailed(endpoint, variant, cause);
      throw error;
    } finally {
      const elapsed = performance.now() - start;
      const scored = { bound, outputs: error ? undefined : outputs, seconds: elapsed / 1000, queueMs: 0, runMs: elapsed - inputMs, error };
      this.#logScored(scored, variant, endpoint, request, receivedAt, request.version === undefined ? variant.weight : 1, false);
    }
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
      if (cause instanceof MillraceError) throw cause;
      return { bound, outputs: undefined, seconds, queueMs: 0, runMs: 0, error: this.#modelFailed(endpoint, variant, cause) };
    }
  }

  /** A failure of a model as clients see it; the log hears of what is not the request's fault. */
  #modelFailed(endpoint: Endpoint, variant: Variant, cause: unknown): MillraceError {
    if (cause instanceof MillraceError) return cause;
    const error = new MillraceError(
      "serving.model_failed",
      500,
      `Version ${variant.version} (${variant.name}) of "${endpoint.name}" failed to score the request: ${describeError(cause)}`,
      { cause },
    );
    this.#parts.onModelError(error);
    return error;
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

const assign = (endpoint: Endpoint, request: InferenceRequest): Variant =>
  endpoint.variants.length === 1
    ? endpoint.variants[0]
    : pickVariant(endpoint.variants, position(endpoint.salt, request.stickyKey ?? request.id));

function findEndpoint(deployment: Deployment, name: string): Endpoint {
  const endpoint = deployment.endpoints.get(name);
  if (endpoint) return endpoint;
  const names = [...deployment.endpoints.keys()].map((known) => `"${known}"`).join(", ");
  throw notFound(
    "serving.unknown_model",
    `Request for unknown model: there is no model "${name}" here; ${names ? `there is: ${names}` : "none is deployed"}.`,
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
  if (unknown === undefined) return;
  const known = names.map((name) => `"${name}"`).join(", ");
  throw invalid("serving.output_unknown", `The model has no output "${unknown}"; its outputs are ${known}.`);
}

const selectOutputs = (outputs: readonly Tensor[], wanted: readonly string[] | undefined): readonly Tensor[] =>
  wanted ? wanted.map((name) => outputs.find((tensor) => tensor.name === name)!) : outputs;
