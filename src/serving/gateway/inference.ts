import { randomUUID } from "node:crypto";
import { describeError, MillraceError } from "../../errors.ts";
import type { InferenceAnswer, InferenceRequest } from "./inference-request.ts";
import { AfterAnswers } from "./after-answers.ts";
import { answerToNoRows } from "./no-rows.ts";
import { Scorer } from "./scorer.ts";
import type { Scored, ScorerParts } from "./scorer.ts";
import type { Deployment, Endpoint, Variant } from "./models/deployment.ts";
import type { EndpointRef, NativeAnswer, NativeRequest } from "./runtimes/runtime.ts";
import type { BoundInputs } from "./tensors/bind.ts";
import { selectOutputs } from "./tensors/select-outputs.ts";
import type { Tensor } from "./tensors/tensor.ts";
import type { Model } from "./runtimes/runtime.ts";
import type { Agreement } from "./traffic/agreement.ts";
import { fallbackReason, late, settled } from "./traffic/fallback.ts";
import type { FallbackReason, Settled } from "./traffic/fallback.ts";
import { route } from "./traffic/route.ts";
import type { Route } from "./traffic/route.ts";
import { pickVariant } from "./traffic/traffic.ts";
import type { PredictionSpan, Tracing } from "./metrics/prediction-span.ts";

export interface InferenceParts extends ScorerParts {
  readonly deployment: () => Deployment;
  /** Resolves when an endpoint whose models change places takes requests again; undefined while it does. */
  readonly paused: (endpoint: string) => Promise<void> | undefined;
  readonly agreement: (endpoint: string, version: string, variant: string) => Agreement;
  /** Told of every answer that another variant gave than the one picked. */
  readonly onFallback: (endpoint: string, from: string, to: string, reason: FallbackReason) => void;
  /** Where traces go; absent when nobody asked for them. */
  readonly tracing?: Tracing;
}

/**
 * The path of a request through the gateway: variant, inputs, model, answer; then, when the answer is on its way, log
 * and shadows.
 */
export class Inference {
  readonly #parts: InferenceParts;
  readonly #scorer: Scorer;
  readonly #afterwards: AfterAnswers;
  readonly #agreements = new WeakMap<Variant, Agreement>();

  constructor(parts: InferenceParts) {
    this.#parts = parts;
    this.#scorer = new Scorer(parts);
    this.#afterwards = new AfterAnswers((error) => parts.onModelError(new Error(describeError(error), { cause: error })));
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
      const picked = pick(endpoint, request);
      const served =
        endpoint.fallback && !picked.asked
          ? await this.#withFallback(endpoint, picked, request, receivedAt, start)
          : { endpoint, ...picked, scored: await this.#scorer.score(endpoint, picked.variant, request, start) };
      const { scored, variant, propensity } = served;
      this.#scorer.log(scored, variant, served.endpoint, request, receivedAt, propensity, false);
      if (endpoint.hasShadows && !picked.asked) {
        handedOver = true;
        this.#afterAnswer(() => this.#shadow(endpoint, served, request, receivedAt), endpoint);
      }
      if (scored.error) throw scored.error;
      span?.answered(variant.version, variant.name, scored.bound.rows, scored);
      return {
        endpoint: served.endpoint.name,
        version: variant.version,
        variant: variant.name,
        ...(variant !== picked.variant && { fallbackFrom: picked.variant.name }),
        model: variant.held.model,
        outputs: selectOutputs(scored.outputs!, request.outputs),
        ...toldOf(scored.bound),
      };
    } finally {
      if (!handedOver) endpoint.leave();
    }
  }

  /** The answer of the variant that was picked, or where that fails, is overloaded or late, of the endpoint's fallback. */
  async #withFallback(endpoint: Endpoint, picked: Route<Variant>, request: InferenceRequest, receivedAt: number, start: number): Promise<Served> {
    const { endpoint: elsewhere, variant, afterMs } = endpoint.fallback!;
    const attempt = settled(this.#scorer.score(endpoint, picked.variant, request, start));
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
      if (ended.value?.error) this.#scorer.log(ended.value, picked.variant, endpoint, request, receivedAt, picked.propensity, false);
    }, endpoint);
    target.enter();
    try {
      const scored = unwrap(await settled(this.#scorer.score(target, spare, request, performance.now())));
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
      const picked = pick(endpoint, request);
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
    const stats = this.#scorer.stats(endpoint, variant);
    const bound = this.#scorer.bind(endpoint, variant, request, start);
    const inputMs = performance.now() - start;
    let outputs: readonly Tensor[] | undefined;
    let error: MillraceError | undefined;
    try {
      const parts = bound.rows === 0 ? [answerToNoRows(model)] : stream(bound.inputs, { params: bound.params, signal: request.signal?.() });
      for await (const part of parts) {
        outputs = part;
        yield { endpoint: endpoint.name, version, variant: name, model, outputs: selectOutputs(part, request.outputs), ...toldOf(bound) };
      }
      stats.answered(bound.rows, { inputMs, queueMs: 0, runMs: performance.now() - start - inputMs, outputMs: 0 });
    } catch (cause) {
      stats.failed("error", (performance.now() - start) / 1000);
      error = this.#scorer.failure(cause, variant, endpoint);
      throw error;
    } finally {
      const elapsed = performance.now() - start;
      const scored = { bound, outputs: error ? undefined : outputs, seconds: elapsed / 1000, queueMs: 0, runMs: elapsed - inputMs, error };
      this.#scorer.log(scored, variant, endpoint, request, receivedAt, propensity, false);
    }
  }

  /**
   * Scores tensors for a model that asks this endpoint, through the endpoint's queue and into its counts. Rules, what sticks,
   * fallback, shadows and log are for requests of clients: the weights alone decide. Fails as `infer` does.
   */
  async step(ref: EndpointRef, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const request: InferenceRequest = { ...ref, id: randomUUID(), inputs };
    const paused = this.#parts.paused(ref.endpoint);
    if (paused) await resumed(paused, request);
    const endpoint = this.endpoint(ref.endpoint).enter();
    try {
      const variant = asked(endpoint, request) ?? endpoint.sole ?? pickVariant(endpoint.variants, endpoint.salt, request.id);
      const { outputs, error } = await this.#scorer.score(endpoint, variant, request, performance.now());
      if (error) throw error;
      return outputs!;
    } finally {
      endpoint.leave();
    }
  }

  /** The variant that answers a request as the configuration is now; the request must follow in the same turn of the event loop. */
  variantFor(request: Omit<InferenceRequest, "inputs">): Variant {
    const endpoint = this.endpoint(request.endpoint);
    return pick(endpoint, request).variant;
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
      const picked = pick(endpoint, request);
      const answer = await this.#scorer.native(endpoint, picked.variant, body, request.signal?.());
      const { scored } = answer;
      const runMs = performance.now() - start;
      if (!scored) return answer;
      handedOver = true;
      this.#afterAnswer(async () => {
        const { rows, inputs, outputs } = scored;
        const entry: Scored = { bound: { rows, inputs }, outputs, seconds: runMs / 1000, queueMs: 0, runMs, error: undefined };
        const tensors: InferenceRequest = { ...request, inputs };
        this.#scorer.log(entry, picked.variant, endpoint, tensors, receivedAt, picked.propensity, false);
        if (endpoint.hasShadows && !picked.asked) await this.#shadow(endpoint, { endpoint, ...picked, scored: entry }, tensors, receivedAt);
      }, endpoint);
      return answer;
    } finally {
      if (!handedOver) endpoint.leave();
    }
  }

  /** Resolves when the log entries and shadow scores of all answered requests are done. */
  settled(): Promise<void> {
    return this.#afterwards.settled();
  }

  /** Does `work` when the answer has gone out; the endpoint's request ends with it. */
  #afterAnswer(work: () => Promise<void>, endpoint: Endpoint): void {
    this.#afterwards.add(async () => {
      try {
        await work();
      } finally {
        endpoint.leave();
      }
    });
  }

  /** The same request through every shadow variant but the one that answered. */
  async #shadow(endpoint: Endpoint, answered: Served, request: InferenceRequest, receivedAt: number): Promise<void> {
    const scores: Promise<void>[] = [];
    for (const variant of endpoint.variants) {
      if (variant.shadow && variant !== answered.variant) scores.push(this.#shadowed(endpoint, variant, answered, request, receivedAt));
    }
    await Promise.all(scores);
  }

  async #shadowed(endpoint: Endpoint, variant: Variant, answered: Served, request: InferenceRequest, receivedAt: number): Promise<void> {
    try {
      // Its client has its answer and waits no more, and all outputs are compared.
      const { inputs, unknownInputs, parameters, priority, eventTime } = request;
      const scored = await this.#scorer.score(endpoint, variant, { inputs, unknownInputs, parameters, priority, eventTime }, performance.now());
      // It scores what it does not answer itself: always, where a rule gave the request to another.
      const propensity = answered.propensity === 1 ? 1 : 1 - variant.weight;
      this.#scorer.log(scored, variant, endpoint, request, receivedAt, propensity, true);
      if (answered.scored.outputs && scored.outputs) this.#agreement(endpoint, variant).add(answered.scored.outputs, scored.outputs);
    } catch (error) {
      // The request does not fit the shadow's inputs (or its queue is full): counted in its metrics, nobody waits
      // for it.
      if (!(error instanceof MillraceError)) throw error;
    }
  }

  #agreement(endpoint: Endpoint, variant: Variant): Agreement {
    let agreement = this.#agreements.get(variant);
    if (!agreement) this.#agreements.set(variant, (agreement = this.#parts.agreement(endpoint.name, variant.version, variant.name)));
    return agreement;
  }
}

/** What an answer tells of how its inputs were bound. */
const toldOf = ({ ignored, unseen }: Pick<BoundInputs, "ignored" | "unseen">): Pick<InferenceAnswer, "ignored" | "unseen"> => ({
  ...(ignored && { ignored }),
  ...(unseen && { unseen: new Map([...unseen].map(([name, elements]) => [name, elements.length])) }),
});

/** Which variant's outcome a request gets, and the probability that it was this one. */
interface Served extends Route<Variant> {
  readonly endpoint: Endpoint;
  readonly scored: Scored;
}

function unwrap({ value, error }: Settled<Scored>): Scored {
  if (value) return value;
  throw error;
}

/** The variant of the version or label that a request asks for (`asked`), or the one that the traffic rules give it. */
function pick(endpoint: Endpoint, request: Omit<InferenceRequest, "inputs">): Route<Variant> & { readonly asked: boolean } {
  const variant = asked(endpoint, request);
  return variant ? { variant, propensity: 1, asked: true } : { ...route(endpoint, request), asked: false };
}

/** The variant of the version or label that a request asks for. */
const asked = (endpoint: Endpoint, { version, label }: Pick<InferenceRequest, "version" | "label">): Variant | undefined =>
  version !== undefined ? endpoint.version(version) : label !== undefined ? endpoint.labelled(label) : undefined;

/** How long a request waits for models to change places, unless it says less itself. */
const pausePatienceMs = 10_000;

async function resumed(paused: Promise<void>, { endpoint, timeoutMs = pausePatienceMs }: InferenceRequest): Promise<void> {
  if ((await late(paused.then(() => true), Math.min(timeoutMs, pausePatienceMs))) !== undefined) return;
  throw new MillraceError("serving.swapping", 503, `The models of "${endpoint}" are changing places, as memory is short; try again in a moment.`);
}
