import { describeError, invalid, MillraceError } from "../../errors.ts";
import { bindInputs } from "./tensors/bind.ts";
import type { BoundInputs } from "./tensors/bind.ts";
import type { Deployment, Endpoint, Variant } from "./models/deployment.ts";
import type { LogEntry } from "./log/log-chunk.ts";
import type { NativeAnswer, NativeRequest } from "./runtimes/runtime.ts";
import type { Tensor } from "./tensors/tensor.ts";
import type { Model } from "./runtimes/runtime.ts";
import type { Agreement } from "./traffic/agreement.ts";
import { fallbackReason, late, settled } from "./traffic/fallback.ts";
import type { FallbackReason, Settled } from "./traffic/fallback.ts";
import { route } from "./traffic/route.ts";
import type { Route } from "./traffic/route.ts";
import type { PredictionSpan, Tracing } from "./metrics/prediction-span.ts";
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
  /** The parameters of the request, for traffic rules. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Names of the outputs wanted; all when absent. */
  readonly outputs?: readonly string[];
}

export interface InferenceAnswer {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  /** The variant that was picked and failed, was overloaded or late, where another answers in its place. */
  readonly fallbackFrom?: string;
  readonly model: Model;
  readonly outputs: readonly Tensor[];
}

export interface InferenceParts {
  readonly deployment: () => Deployment;
  /** Resolves when an endpoint whose models change places takes requests again; undefined while it does. */
  readonly paused: (endpoint: string) => Promise<void> | undefined;
  readonly agreement: (endpoint: string, version: string, variant: string) => Agreement;
  /** Told of every answer that another variant gave than the one picked. */
  readonly onFallback: (endpoint: string, from: string, to: string, reason: FallbackReason) => void;
  readonly stats: (endpoint: string, version: string, variant: string) => VariantStats;
  readonly log: (entry: LogEntry) => void;
  /** Where traces go; absent when nobody asked for them. */
  readonly tracing?: Tracing;
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
    return this.#parts.deployment().endpoint(name);
  }

  /** Scores a request. Fails with a sentence and the HTTP status 400, 404, 429, 499, 500, 503 or 504. */
  infer(request: InferenceRequest): Promise<InferenceAnswer> {
    const { tracing } = this.#parts;
    return tracing ? this.#traced(tracing.start(request), request) : this.#infer(request, undefined);
  }

  async #traced(span: PredictionSpan, request: InferenceRequest): Promise<InferenceAnswer> {
    try {
      return await this.#infer(request, span);
    } catch (error) {
      span.failed(error as Error);
      throw error;
    }
  }

  async #infer(request: InferenceRequest, span: PredictionSpan | undefined): Promise<InferenceAnswer> {
    const receivedAt = Date.now();
    const start = performance.now();
    const paused = this.#parts.paused(request.endpoint);
    if (paused) await resumed(paused, request);
    const endpoint = this.endpoint(request.endpoint).enter();
    let handedOver = false;
    try {
      const asked = askedVariant(endpoint, request);
      const picked = asked ? { variant: asked, propensity: 1 } : route(endpoint, request);
      const served =
        endpoint.fallback && !asked
          ? await this.#withFallback(endpoint, picked, request, receivedAt, start)
          : { endpoint, ...picked, scored: await this.#score(endpoint, picked.variant, request, start) };
      const { scored, variant, propensity } = served;
      handedOver = true;
      this.#afterAnswer(async () => {
        this.#logScored(scored, variant, served.endpoint, request, receivedAt, propensity, false);
        if (endpoint.hasShadows && !asked) await this.#shadow(endpoint, served, request, receivedAt);
      }, endpoint);
      if (scored.error) throw scored.error;
      span?.answered(variant.version, variant.name, scored.bound.rows, scored);
      return {
        endpoint: served.endpoint.name,
        version: variant.version,
        variant: variant.name,
        ...(variant !== picked.variant && { fallbackFrom: picked.variant.name }),
        model: variant.held.model,
        outputs: selectOutputs(scored.outputs!, request.outputs),
      };
    } finally {
      if (!handedOver) endpoint.leave();
    }
  }

  /** The answer of the variant that was picked, or where that fails, is overloaded or late, of the endpoint's fallback. */
  async #withFallback(endpoint: Endpoint, picked: Route<Variant>, request: InferenceRequest, receivedAt: number, start: number): Promise<Served> {
    const { endpoint: elsewhere, variant, afterMs } = endpoint.fallback!;
    const attempt = settled(this.#score(endpoint, picked.variant, request, start));
    const first = await (afterMs === undefined ? attempt : late(attempt, afterMs));
    const reason = fallbackReason(first);
    const target = elsewhere === undefined ? endpoint : this.#parts.deployment().endpoints.get(elsewhere);
    const spare = target && (variant === undefined ? route(target, request).variant : target.variant(variant));
    if (reason === undefined || !spare || spare === picked.variant) {
      return { endpoint, ...picked, scored: unwrap(first ?? (await attempt)) };
    }
    this.#parts.onFallback(endpoint.name, picked.variant.name, spare.name, reason);
    endpoint.enter(); // what failed or is late is logged when it has ended
    this.#afterAnswer(async () => {
      const ended = await attempt;
      if (ended.value?.error) this.#logScored(ended.value, picked.variant, endpoint, request, receivedAt, picked.propensity, false);
    }, endpoint);
    target.enter();
    try {
      const scored = unwrap(await settled(this.#score(target, spare, request, performance.now())));
      // It answers whenever it is picked itself, and whenever the one that failed is.
      const propensity = target === endpoint ? Math.min(1, spare.weight + picked.propensity) : picked.propensity;
      return { endpoint: target, variant: spare, propensity, scored };
    } finally {
      target.leave();
    }
  }

  /**
   * Scores a request in parts, of which a model that cannot stream gives one. No part waits in a batch; shadows do not see
   * the request, and the prediction log holds the last part. Fails as `infer` does.
   */
  async *stream(request: InferenceRequest): AsyncGenerator<InferenceAnswer> {
    const paused = this.#parts.paused(request.endpoint);
    if (paused) await resumed(paused, request);
    const endpoint = this.endpoint(request.endpoint).enter();
    try {
      const asked = askedVariant(endpoint, request);
      const picked = asked ? { variant: asked, propensity: 1 } : route(endpoint, request);
      const { model } = picked.variant.held;
      if (!model.stream) {
        yield await this.infer(request);
        return;
      }
      yield* this.#streamFrom(endpoint, picked, model.stream.bind(model), request);
    } finally {
      endpoint.leave();
    }
  }

  async *#streamFrom(endpoint: Endpoint, { variant, propensity }: Route<Variant>, stream: NonNullable<Model["stream"]>, request: InferenceRequest): AsyncGenerator<InferenceAnswer> {
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
      error = this.#failure(cause, variant, endpoint);
      throw error;
    } finally {
      const elapsed = performance.now() - start;
      const scored = { bound, outputs: error ? undefined : outputs, seconds: elapsed / 1000, queueMs: 0, runMs: elapsed - inputMs, error };
      this.#logScored(scored, variant, endpoint, request, receivedAt, propensity, false);
    }
  }

  /** The variant that answers a request as the configuration is now; the request must follow in the same turn of the event loop. */
  variantFor(request: Omit<InferenceRequest, "inputs">): Variant {
    const endpoint = this.endpoint(request.endpoint);
    return askedVariant(endpoint, request) ?? route(endpoint, request).variant;
  }

  /**
   * Answers a request in the own form of the model that `variantFor` names. What was scored is logged, and given to the
   * shadows, where the model can tell its rows. Fails as `infer` does.
   */
  async native(request: Omit<InferenceRequest, "inputs">, body: NativeRequest): Promise<NativeAnswer> {
    const receivedAt = Date.now();
    const start = performance.now();
    const endpoint = this.endpoint(request.endpoint).enter();
    let handedOver = false;
    try {
      const asked = askedVariant(endpoint, request);
      const picked = asked ? { variant: asked, propensity: 1 } : route(endpoint, request);
      const answer = await this.#runNative(endpoint, picked.variant, body, request.signal);
      const { scored } = answer;
      const runMs = performance.now() - start;
      if (!scored) return answer;
      handedOver = true;
      this.#afterAnswer(async () => {
        const { rows, inputs, outputs } = scored;
        const entry: Scored = { bound: { rows, inputs }, outputs, seconds: runMs / 1000, queueMs: 0, runMs, error: undefined };
        const tensors: InferenceRequest = { ...request, inputs };
        this.#logScored(entry, picked.variant, endpoint, tensors, receivedAt, picked.propensity, false);
        if (endpoint.hasShadows && !asked) await this.#shadow(endpoint, { endpoint, ...picked, scored: entry }, tensors, receivedAt);
      }, endpoint);
      return answer;
    } finally {
      if (!handedOver) endpoint.leave();
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
  #afterAnswer(work: () => Promise<void>, endpoint: Endpoint): void {
    const done = new Promise<void>((resolve) => setImmediate(resolve))
      .then(work)
      .catch((error: unknown) => this.#parts.onModelError(new Error(describeError(error), { cause: error })))
      .finally(() => {
        endpoint.leave();
        this.#afterwards.delete(done);
      });
    this.#afterwards.add(done);
  }

  /** The same request through every shadow variant but the one that answered. */
  async #shadow(endpoint: Endpoint, answered: Served, request: InferenceRequest, receivedAt: number): Promise<void> {
    const shadows = endpoint.variants.filter((variant) => variant.shadow && variant !== answered.variant);
    await Promise.all(
      shadows.map(async (variant) => {
        try {
          // Its client has its answer and waits no more.
          const own = { ...request, outputs: undefined, signal: undefined, timeoutMs: undefined };
          const scored = await this.#score(endpoint, variant, own, performance.now());
          // It scores what it does not answer itself: always, where a rule gave the request to another.
          const propensity = answered.propensity === 1 ? 1 : 1 - variant.weight;
          this.#logScored(scored, variant, endpoint, request, receivedAt, propensity, true);
          if (answered.scored.outputs && scored.outputs) {
            this.#parts.agreement(endpoint.name, variant.version, variant.name).add(answered.scored.outputs, scored.outputs);
          }
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
    const { model, batcher, usage } = variant.held;
    let bound: BoundInputs;
    try {
      bound = bindInputs(request.inputs, model, endpoint.inputNames);
      checkOutputs(variant, request.outputs);
    } catch (error) {
      stats.failed("invalid", (performance.now() - start) / 1000);
      throw error;
    }
    const inputMs = performance.now() - start;
    usage.begin();
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
    } finally {
      usage.end();
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

/** Which variant's outcome a request gets, and the probability that it was this one. */
interface Served extends Route<Variant> {
  readonly endpoint: Endpoint;
  readonly scored: Scored;
}

function unwrap({ value, error }: Settled<Scored>): Scored {
  if (value) return value;
  throw error;
}

/** The variant of the version or label that a request asks for; undefined when it leaves that to the traffic rules. */
function askedVariant(endpoint: Endpoint, { version, label }: Pick<InferenceRequest, "version" | "label">): Variant | undefined {
  if (version !== undefined) return endpoint.version(version);
  return label === undefined ? undefined : endpoint.labelled(label);
}

/** The variant that serves a version of an endpoint; 404 with the versions there are. */
export const findVersion = (endpoint: Endpoint, version: string): Variant => endpoint.version(version);

/** How long a request waits for models to change places, unless it says less itself. */
const pausePatienceMs = 10_000;

async function resumed(paused: Promise<void>, { endpoint, timeoutMs = pausePatienceMs }: InferenceRequest): Promise<void> {
  if ((await late(paused.then(() => true), Math.min(timeoutMs, pausePatienceMs))) !== undefined) return;
  throw new MillraceError("serving.swapping", 503, `The models of "${endpoint}" are changing places, as memory is short; try again in a moment.`);
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
