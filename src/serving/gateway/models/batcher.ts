import { MillraceError } from "../../../errors.ts";
import type { Model } from "../runtimes/runtime.ts";
import { rowShape, stackTensors, takeRows } from "../tensors/rows.ts";
import type { Tensor } from "../tensors/tensor.ts";

export interface BatchLimits {
  /** Requests are run together until they have this many rows. */
  readonly batchRows: number;
  /** A request of more rows is run in slices of this size, so that others get their turn in between. */
  readonly sliceRows: number;
  /** With this many rows waiting, new requests are refused with 429. */
  readonly waitingRows: number;
}

export const defaultBatchLimits: BatchLimits = { batchRows: 64, sliceRows: 256, waitingRows: 65_536 };

/** The outputs of a request and how long it waited for an instance, and how long its run took. */
export interface ScoredBatch {
  readonly outputs: readonly Tensor[];
  readonly queueMs: number;
  readonly runMs: number;
}

interface Job {
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  /** Only jobs of one shape are run together. */
  readonly shape: string;
  readonly since: number;
  readonly resolve: (scored: ScoredBatch) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs the requests for one model, as many at a time as the model allows: what arrives in the same turn of the event
 * loop, or while all instances are busy, is scored in one call. A request never waits for others to come.
 */
export class Batcher {
  readonly #model: Model;
  readonly #limits: BatchLimits;
  readonly #onBatch: (rows: number, runMs: number) => void;
  readonly #queue: Job[] = [];
  #waitingRows = 0;
  #running = 0;
  #woken = false;

  constructor(model: Model, limits: BatchLimits, onBatch: (rows: number, runMs: number) => void) {
    this.#model = model;
    this.#limits = limits;
    this.#onBatch = onBatch;
  }

  /** Scores the tensors of one request of `rows` rows, as `bindInputs` made them; answers with all outputs. */
  score(rows: number, inputs: readonly Tensor[]): Promise<ScoredBatch> {
    if (this.#queue.length > 0 && this.#waitingRows + rows > this.#limits.waitingRows) {
      return Promise.reject(
        new MillraceError(
          "serving.overloaded",
          429,
          `The model has ${this.#waitingRows} rows waiting, of ${this.#limits.waitingRows} it may have; try again later.`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ rows, inputs, shape: this.#model.rowwise ? rowShape(inputs) : "", since: performance.now(), resolve, reject });
      this.#waitingRows += rows;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#woken || this.#running >= this.#model.concurrency) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      while (this.#queue.length > 0 && this.#running < this.#model.concurrency) this.#startBatch();
    });
  }

  #startBatch(): void {
    this.#running++;
    void this.#runBatch(this.#takeBatch()).then(() => {
      this.#running--;
      if (this.#queue.length > 0) this.#startBatch();
    });
  }

  #takeBatch(): Job[] {
    const [first] = this.#queue;
    let rows = 0;
    let count = 0;
    while (count < this.#queue.length) {
      const job = this.#queue[count];
      const fits = count === 0 || (this.#model.rowwise && job.shape === first.shape && rows + job.rows <= this.#limits.batchRows);
      if (!fits) break;
      rows += job.rows;
      count++;
    }
    this.#waitingRows -= rows;
    return this.#queue.splice(0, count);
  }

  /** Never rejects: the jobs do. */
  async #runBatch(jobs: readonly Job[]): Promise<void> {
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    try {
      const inputs = jobs[0].inputs.map((_, input) => stackTensors(jobs.map((job) => job.inputs[input])));
      const began = performance.now();
      const outputs = await this.#runSlices(rows, inputs);
      const runMs = performance.now() - began;
      let start = 0;
      for (const job of jobs) {
        const own = jobs.length === 1 ? outputs : outputs.map((output) => takeRows(output, rows, start, job.rows));
        job.resolve({ outputs: own, queueMs: began - job.since, runMs });
        start += job.rows;
      }
    } catch (error) {
      if (jobs.length === 1) jobs[0].reject(error);
      // One bad row must not fail its neighbours: each request gets its own run and its own answer.
      else for (const job of jobs) await this.#runBatch([job]);
    }
  }

  async #runSlices(rows: number, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const { sliceRows } = this.#limits;
    if (rows <= sliceRows || !this.#model.rowwise) return this.#run(rows, inputs);
    const parts: (readonly Tensor[])[] = [];
    for (let start = 0; start < rows; start += sliceRows) {
      const count = Math.min(sliceRows, rows - start);
      parts.push(await this.#run(count, inputs.map((tensor) => takeRows(tensor, rows, start, count))));
    }
    return parts[0].map((_, output) => stackTensors(parts.map((part) => part[output])));
  }

  async #run(rows: number, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    const began = performance.now();
    const outputs = await this.#model.run(inputs);
    this.#onBatch(rows, performance.now() - began);
    return outputs;
  }
}
