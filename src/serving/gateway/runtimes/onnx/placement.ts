import { describeError } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { OnnxFacts } from "./onnx-process.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { OnnxSession } from "./onnx-session.ts";
import type { OnnxWorker } from "./onnx-worker-client.ts";

/** When a model leaves the I/O thread for threads of its own. */
export interface InlineLimits {
  /** Moving average of the time of one run; the hop to another thread costs about 0.1 ms. */
  readonly seconds: number;
  /** Loading blocks the thread it happens in: larger files are loaded elsewhere from the start. */
  readonly bytes: number;
}

interface PlacementOptions {
  readonly file: string;
  readonly threads: number;
  /** What a trial found. */
  readonly facts: OnnxFacts;
  /** Loads the model elsewhere: in a thread, or a process. */
  readonly start: () => Promise<OnnxWorker>;
  /** Threads or processes at most, once the model is not in the I/O thread. */
  readonly instances: number;
  readonly limits: InlineLimits;
  /** Begin in the I/O thread. */
  readonly inline: boolean;
}

/**
 * Weight of the newest run in the moving average, and the most that one run counts in limits: a few stalls move no
 * model.
 */
const smoothing = 1 / 64;
const largestSample = 8;

/** Where an ONNX model runs: in the I/O thread, or once it proved slow in worker threads for good; or in processes from the start. */
export class Placement {
  readonly #options: PlacementOptions;
  #session: OnnxSession | undefined;
  #moving = false;
  #released = false;
  #average = 0;
  #running = 0;
  /** Threads that run or are being started; one that died goes. */
  readonly #workers = new Set<OnnxWorker>();
  #starting: Promise<OnnxWorker> | undefined;

  private constructor(options: PlacementOptions, first: OnnxSession | OnnxWorker) {
    this.#options = options;
    if ("alive" in first) this.#workers.add(first);
    else this.#session = first;
  }

  /** Loads the model, which a trial has shown to score; fails when it cannot be loaded. */
  static async open(options: PlacementOptions): Promise<Placement> {
    const { file, threads, inline, facts, start } = options;
    return new Placement(options, inline ? await openOnnxSession(file, threads, facts) : await start());
  }

  get inline(): boolean {
    return this.#session !== undefined;
  }

  /** Copies of the weights in memory. */
  get copies(): number {
    return (this.#session ? 1 : 0) + this.#workers.size;
  }

  /** `owned`: the memory of the inputs may go to another thread. */
  run(inputs: readonly Tensor[], owned = false): Promise<readonly Tensor[]> {
    return this.#session ? this.#runHere(this.#session, inputs) : this.#runThere(inputs, owned);
  }

  async #runHere(session: OnnxSession, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    this.#running++;
    try {
      const { outputs, seconds } = await session.run(inputs);
      const limit = this.#options.limits.seconds;
      this.#average += (Math.min(seconds, largestSample * limit) - this.#average) * smoothing;
      if (this.#average > limit) this.#move(session);
      return outputs;
    } finally {
      this.#running--;
      if (this.#running === 0 && this.#session === undefined) await session.release();
    }
  }

  async #runThere(inputs: readonly Tensor[], owned: boolean): Promise<readonly Tensor[]> {
    const worker = this.#freeWorker() ?? (await this.#start());
    try {
      return await worker.run(inputs, owned);
    } finally {
      if (!worker.alive()) this.#workers.delete(worker); // replaced when the next request needs it
    }
  }

  /** The least busy thread; when all are busy and there may be more, another one is started meanwhile. */
  #freeWorker(): OnnxWorker | undefined {
    let best: OnnxWorker | undefined;
    for (const worker of this.#workers) if (worker.alive() && (!best || worker.pending() < best.pending())) best = worker;
    if (best && best.pending() > 0 && this.#workers.size < this.#options.instances && !this.#starting) {
      this.#start().catch((error: unknown) => process.emitWarning(`${this.#options.file} gets no further worker: ${describeError(error)}`));
    }
    return best;
  }

  #start(): Promise<OnnxWorker> {
    this.#starting ??= this.#options
      .start()
      .then(async (worker) => {
        if (this.#released) await worker.release();
        else this.#workers.add(worker);
        return worker;
      })
      .finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /** Keeps answering here until another thread is ready. */
  #move(session: OnnxSession): void {
    if (this.#moving) return;
    this.#moving = true;
    this.#start().then(
      async () => {
        if (this.#released) return;
        this.#session = undefined;
        if (this.#running === 0) await session.release();
      },
      (error: unknown) => process.emitWarning(`${this.#options.file} stays in the I/O thread: ${describeError(error)}`),
    );
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.#starting?.catch(() => undefined);
    await this.#session?.release();
    await Promise.all([...this.#workers].map((worker) => worker.release()));
  }
}
