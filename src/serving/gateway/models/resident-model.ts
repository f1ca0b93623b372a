import type { Model } from "../runtimes/runtime.ts";

/** Counts the requests that need a model, and tells when there are none. */
export class Usage {
  requests = 0;
  /** Of the latest request; for comparison only. */
  lastUsed = performance.now();
  #idle: (() => void) | undefined;

  begin(): void {
    this.requests++;
  }

  end(): void {
    this.requests--;
    this.lastUsed = performance.now();
    if (this.requests === 0 && this.#idle) this.#idle();
  }

  /** Has `act` called whenever the last request ends. */
  onIdle(act: () => void): void {
    this.#idle = act;
  }
}

/** A model and what ends the reservation of its memory, once it is counted where it is held. */
export interface LoadedAgain {
  readonly model: Model;
  readonly settle: () => void;
}

/**
 * A model that may be put out of memory while nobody needs it, and is loaded again by the first run that does: runs that
 * come meanwhile wait for that one load. `model` stays the same for its users, who see what it said when it was in
 * memory last.
 */
export class ResidentModel {
  readonly model: Model;
  readonly usage = new Usage();
  readonly pinned: boolean;
  /** When it came into memory; for comparison only. */
  loadedAt = performance.now();
  readonly #load: () => Promise<LoadedAgain>;
  #inner: Model | undefined;
  #running = 0;
  #loading: Promise<void> | undefined;
  #yielding: PromiseWithResolvers<void> | undefined;
  #leaving: Promise<void> | undefined;
  #released = false;
  #lastBytes: number;

  /** `load` finds room and loads; `first` is what it gave the first time. */
  constructor(first: Model, pinned: boolean, load: () => Promise<LoadedAgain>) {
    this.#inner = first;
    this.#lastBytes = first.memoryBytes;
    this.#load = load;
    this.pinned = pinned;
    this.model = this.#stand(first);
  }

  get loaded(): boolean {
    return this.#inner !== undefined;
  }

  /** Bytes it takes now. */
  get bytes(): number {
    return this.#inner?.memoryBytes ?? 0;
  }

  /** Bytes it took when it was in memory last. */
  get lastBytes(): number {
    return this.#lastBytes;
  }

  /** In memory, and needed by no request. */
  get idle(): boolean {
    return this.#inner !== undefined && this.usage.requests === 0 && this.#running === 0;
  }

  /** Leaves memory when the runs under way have ended; those that come meanwhile wait for it to be loaded again. */
  yield(): Promise<void> {
    if (!this.#inner) return this.#leaving ?? Promise.resolve();
    if (this.#running === 0) return this.#leave(this.#inner);
    this.#yielding ??= Promise.withResolvers();
    return this.#yielding.promise;
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.#loading?.catch(() => undefined);
    await this.#leaving;
    await this.#inner?.release();
    this.#inner = undefined;
  }

  #leave(inner: Model): Promise<void> {
    this.#lastBytes = inner.memoryBytes;
    this.#inner = undefined;
    this.#leaving = inner.release().finally(() => (this.#leaving = undefined));
    return this.#leaving;
  }

  #present(): Promise<void> {
    this.#loading ??= this.#reload().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #reload(): Promise<void> {
    await this.#yielding?.promise;
    await this.#leaving;
    if (this.#released) throw new Error("the model has been released");
    const { model, settle } = await this.#load();
    this.#inner = model;
    this.loadedAt = performance.now();
    settle();
  }

  async #use<T>(act: (inner: Model) => Promise<T>): Promise<T> {
    this.usage.begin();
    try {
      while (!this.#inner || this.#yielding) await this.#present();
      this.#running++;
      try {
        return await act(this.#inner);
      } finally {
        this.#running--;
        this.#yieldNow();
      }
    } finally {
      this.usage.end();
    }
  }

  #yieldNow(): void {
    if (!this.#yielding || this.#running > 0) return;
    this.#yielding.resolve(this.#leave(this.#inner!));
    this.#yielding = undefined;
  }

  #stand(first: Model): Model {
    const { platform, classes, params, endpoints, namedColumns, remarks } = first;
    // What it said when it was in memory last.
    let { inputs, outputs, anyInputs, rowwise, independentRows, dependence, concurrency } = first;
    const inner = () => this.#inner;
    const use = this.#use.bind(this);
    const streamed: Model["stream"] = async function* (tensors, options) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const ready = Promise.withResolvers<Model>();
      const ended = use((model) => (ready.resolve(model), promise)).catch(ready.reject);
      try {
        yield* (await ready.promise).stream!(tensors, options);
      } finally {
        resolve();
        await ended;
      }
    };
    const bytes = () => this.bytes;
    return {
      platform,
      ...(params && { params }),
      ...(namedColumns && { namedColumns }),
      classes,
      ...(endpoints && { endpoints }),
      get inputs() {
        return (inputs = inner()?.inputs ?? inputs);
      },
      get outputs() {
        return (outputs = inner()?.outputs ?? outputs);
      },
      get anyInputs() {
        const now = inner();
        return (anyInputs = now ? now.anyInputs : anyInputs);
      },
      get rowwise() {
        return (rowwise = inner()?.rowwise ?? rowwise);
      },
      get independentRows() {
        return (independentRows = inner()?.independentRows ?? independentRows);
      },
      get dependence() {
        const now = inner();
        return (dependence = now ? now.dependence : dependence);
      },
      ...(remarks && { remarks }),
      get concurrency() {
        return (concurrency = inner()?.concurrency ?? concurrency);
      },
      get inline() {
        return inner()?.inline === true;
      },
      /** Waiting for its load, a run keeps no core from others. */
      get cores() {
        const now = inner();
        return now ? (now.cores ?? 1) : 0;
      },
      get memoryBytes() {
        return bytes();
      },
      run: (tensors, options) => use((model) => model.run(tensors, options)),
      ...(first.stream && { stream: streamed }),
      ...(first.native && { native: (request, options) => use((model) => model.native!(request, options)) }),
      healthy: () => inner()?.healthy() ?? true,
      ...(first.waitsFor && { waitsFor: () => inner()?.waitsFor?.() }),
      release: () => this.release(),
    };
  }
}
