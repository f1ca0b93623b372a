import { describeError, MillraceError } from "../../errors.ts";
import type { InferenceRequest } from "./inference-request.ts";
import type { LogEntry, LogSource } from "./log/log-entry.ts";
import { sampled } from "./log/sampled.ts";
import type { VariantStats } from "./metrics/variant-stats.ts";
import type { Endpoint, Variant } from "./models/deployment.ts";
import { answerToNoRows } from "./no-rows.ts";
import { paramsFor } from "./runtimes/params.ts";
import type { NativeAnswer, NativeRequest, Params, TensorSpec } from "./runtimes/runtime.ts";
import { bindInputs } from "./tensors/bind.ts";
import type { BoundInputs } from "./tensors/bind.ts";
import { inputsByName } from "./tensors/matrix-columns.ts";
import { requestKey } from "./traffic/request-key.ts";
import { checkOutputs } from "./tensors/select-outputs.ts";
import type { Tensor } from "./tensors/tensor.ts";

/** A request as the model takes it. */
interface Bound extends BoundInputs {
  /** The parameters that the model takes; absent where it takes none or the request gives none. */
  readonly params?: Params;
}

/** What became of a request at one variant. */
export interface Scored {
  readonly bound: BoundInputs;
  readonly outputs: readonly Tensor[] | undefined;
  readonly seconds: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly error: MillraceError | undefined;
}

/** What of a request a variant needs to score it. */
export type Scorable = Pick<InferenceRequest, "inputs" | "unknownInputs" | "eventTime" | "outputs" | "parameters" | "priority" | "timeoutMs" | "signal">;

export interface ScorerParts {
  readonly stats: (endpoint: string, version: string, variant: string) => VariantStats;
  /** Absent where predictions are not logged. */
  readonly log?: (entry: LogEntry) => void;
  /** Told of failures of models, which clients see only as a sentence. */
  readonly onModelError: (error: Error) => void;
}

/** One request at one variant: run, counted, logged. */
export class Scorer {
  readonly #parts: ScorerParts;
  readonly #stats = new WeakMap<Variant, VariantStats>();
  readonly #sources = new WeakMap<Variant, LogSource>();
  readonly #shadowSources = new WeakMap<Variant, LogSource>();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
  }

  /** The counts of a variant of this endpoint. */
  stats(endpoint: Endpoint, variant: Variant): VariantStats {
    let stats = this.#stats.get(variant);
    if (!stats) this.#stats.set(variant, (stats = this.#parts.stats(endpoint.name, variant.version, variant.name)));
    return stats;
  }

  /** Fits the inputs to the model; a request that does not fit is counted, and fails. */
  bind(endpoint: Endpoint, variant: Variant, request: Scorable, start: number): Bound {
    try {
      const { model } = variant.held;
      const bound = bindInputs(request.inputs, model, endpoint.inputNames, endpoint.unknownInputs ?? request.unknownInputs, request.eventTime);
      checkOutputs(model, request.outputs);
      const params = model.params && paramsFor(model.params, request.parameters);
      return params ? { ...bound, params } : bound;
    } catch (error) {
      this.stats(endpoint, variant).failed("invalid", (performance.now() - start) / 1000);
      throw error;
    }
  }

  /** Fits the inputs, waits for the model and runs it. A failure of the model comes back, one of the request is thrown. */
  async score(endpoint: Endpoint, variant: Variant, request: Scorable, start: number): Promise<Scored> {
    const stats = this.stats(endpoint, variant);
    const { held } = variant;
    const bound = this.bind(endpoint, variant, request, start);
    const inputMs = performance.now() - start;
    if (bound.rows === 0) {
      stats.answered(0, { inputMs, queueMs: 0, runMs: 0, outputMs: 0 });
      return { bound, outputs: answerToNoRows(held.model), seconds: inputMs / 1000, queueMs: 0, runMs: 0, error: undefined };
    }
    held.usage.begin();
    try {
      const { outputs, queueMs, runMs } = await held.batcher.score(bound.rows, bound.inputs, bound.params ? { ...request, params: bound.params } : request);
      const elapsed = performance.now() - start;
      stats.answered(bound.rows, { inputMs, queueMs, runMs, outputMs: Math.max(0, elapsed - inputMs - queueMs - runMs) });
      if (bound.unseen) stats.metUnseen(bound.unseen);
      return { bound, outputs, seconds: elapsed / 1000, queueMs, runMs, error: undefined };
    } catch (cause) {
      const seconds = (performance.now() - start) / 1000;
      stats.failed("error", seconds);
      const error = this.failure(cause, variant, endpoint);
      if (cause instanceof MillraceError) throw cause;
      return { bound, outputs: undefined, seconds, queueMs: 0, runMs: 0, error };
    } finally {
      held.usage.end();
    }
  }

  /** Asks a model in its own form. */
  async native(endpoint: Endpoint, variant: Variant, body: NativeRequest, signal: AbortSignal | undefined): Promise<NativeAnswer> {
    const { held } = variant;
    const stats = this.stats(endpoint, variant);
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
      throw this.failure(cause, variant, endpoint);
    }
  }

  /** A failure of a model as its clients hear of it; told to the log where it is the model's own. */
  failure(cause: unknown, { version, name }: Variant, endpoint: Endpoint): MillraceError {
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

  /** Puts what was scored into the prediction log. */
  log(
    { bound, outputs, seconds, queueMs, runMs }: Scored,
    variant: Variant,
    endpoint: Endpoint,
    request: InferenceRequest,
    receivedAt: number,
    propensity: number,
    shadow: boolean,
  ): void {
    const { log } = this.#parts;
    if (!log || bound.rows === 0) return;
    // By its key, so that a request and its shadows are logged together or not at all.
    if (outputs && endpoint.logShare < 1 && !sampled(requestKey(request), endpoint.logShare)) return;
    log({
      source: this.#source(endpoint, variant, shadow),
      requestId: request.id,
      eventTime: request.eventTime ?? receivedAt,
      receivedAt,
      propensity,
      latencyMicros: Math.round(seconds * 1e6),
      queueMicros: Math.round(queueMs * 1e3),
      runMicros: Math.round(runMs * 1e3),
      rows: bound.rows,
      inputs: bound.inputs,
      ...(bound.unseen && { unseen: bound.unseen }),
      outputs,
    });
  }

  #source({ name: endpoint, logShare }: Endpoint, variant: Variant, shadow: boolean): LogSource {
    const known = shadow ? this.#shadowSources : this.#sources;
    let source = known.get(variant);
    if (!source) {
      const { version, name, held } = variant;
      const { classes, inputs } = held.model;
      known.set(variant, (source = { endpoint, version, variant: name, shadow, logShare, classes, columns: columnsOf(inputs), knowsCategories: inputsByName(inputs).some((input) => input.known !== undefined) }));
    }
    return source;
  }
}

/** The names of the columns of inputs that are matrices of named ones; undefined where there are none. */
function columnsOf(inputs: readonly TensorSpec[]): LogSource["columns"] {
  const named = inputs.flatMap(({ name, columns }): [string, readonly string[]][] => (columns ? [[name, columns.map((column) => column.name)]] : []));
  return named.length > 0 ? new Map(named) : undefined;
}
