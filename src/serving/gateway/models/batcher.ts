import { MillraceError } from "../../../errors.ts";
import type { Model, OutputColumn } from "../runtimes/runtime.ts";
import { concatValues, sliceValues } from "../tensors/tensor.ts";
import type { Values } from "../tensors/tensor.ts";

export interface BatchLimits {
  /** Requests are run together until they have this many rows. */
  readonly batchRows: number;
  /** A request of more rows is run in slices of this size, so that others get their turn in between. */
  readonly sliceRows: number;
  /** With this many rows waiting, new requests are refused with 429. */
  readonly waitingRows: number;
}

export const defaultBatchLimits: BatchLimits = { batchRows: 64, sliceRows: 256, waitingRows: 65_536 };

interface Job {
  readonly rows: number;
  readonly columns: readonly Values[];
  readonly resolve: (outputs: readonly OutputColumn[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs the requests for one model one batch at a time: what arrives in the same turn of the event loop, or while a
 * batch is running, is scored in one call. A request never waits for others to come.
 */
export class Batcher {
  readonly #model: Model;
  readonly #limits: BatchLimits;
  readonly #onBatch: (rows: number) => void;
  readonly #queue: Job[] = [];
  #waitingRows = 0;
  #busy = false;

  constructor(model: Model, limits: BatchLimits, onBatch: (rows: number) => void) {
    this.#model = model;
    this.#limits = limits;
    this.#onBatch = onBatch;
  }

  /** Scores `rows` rows; `columns` in the order of the model's inputs, the answer in the order of its outputs. */
  score(rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]> {
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
      this.#queue.push({ rows, columns, resolve, reject });
      this.#waitingRows += rows;
      if (this.#busy) return;
      this.#busy = true;
      setImmediate(() => void this.#work());
    });
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) await this.#runBatch(this.#takeBatch());
    this.#busy = false;
  }

  #takeBatch(): Job[] {
    let rows = 0;
    let count = 0;
    while (count < this.#queue.length && (count === 0 || rows + this.#queue[count].rows <= this.#limits.batchRows)) {
      rows += this.#queue[count++].rows;
    }
    this.#waitingRows -= rows;
    return this.#queue.splice(0, count);
  }

  async #runBatch(jobs: readonly Job[]): Promise<void> {
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    try {
      const columns = jobs[0].columns.map((_, input) => concatValues(jobs.map((job) => job.columns[input])));
      const outputs = await this.#runSlices(rows, columns);
      let start = 0;
      for (const job of jobs) {
        job.resolve(jobs.length === 1 ? outputs : outputs.map((output) => takeRows(output, rows, start, job.rows)));
        start += job.rows;
      }
    } catch (error) {
      if (jobs.length === 1) jobs[0].reject(error);
      // One bad row must not fail its neighbours: each request gets its own run and its own answer.
      else for (const job of jobs) await this.#runBatch([job]);
    }
  }

  async #runSlices(rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]> {
    const { sliceRows } = this.#limits;
    if (rows <= sliceRows) return this.#run(rows, columns);
    const parts: (readonly OutputColumn[])[] = [];
    for (let start = 0; start < rows; start += sliceRows) {
      const count = Math.min(sliceRows, rows - start);
      const slice = columns.map((values) => takeRows({ values, tail: [] }, rows, start, count).values);
      parts.push(await this.#run(count, slice));
    }
    return parts[0].map(({ tail }, output) => ({
      values: concatValues(parts.map((part) => part[output].values)),
      tail,
    }));
  }

  #run(rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]> {
    this.#onBatch(rows);
    return this.#model.run(rows, columns);
  }
}

function takeRows(output: OutputColumn, rows: number, start: number, count: number): OutputColumn {
  const width = output.values.length / rows;
  return { values: sliceValues(output.values, start * width, (start + count) * width), tail: output.tail };
}
