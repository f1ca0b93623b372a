import { MillraceError } from "../../../errors.ts";
import type { BatchConfig } from "../config/batch-config.ts";
import type { Model, Params, RunOptions } from "../runtimes/runtime.ts";
import { rowShape, stackTensors, takeRows } from "../tensors/rows.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { BatchDelay } from "./batch-delay.ts";
import { BatchSize } from "./batch-size.ts";
import { JobQueue } from "./job-queue.ts";
import type { Job, ScoredBatch } from "./job-queue.ts";
import { Turns } from "./turns.ts";
import type { Turntaker } from "./turns.ts";

export interface BatchLimits {
  /** Rows run together at first; measurement moves it. */
  readonly batchRows: number;
  /** Rows run together at most. A request of more rows is run in slices of this size, if its rows are independent, and as a whole if not. */
  readonly mostBatchRows: number;
  /** Milliseconds that a batch which is not full waits for more; measurement finds them when absent. */
  readonly delayMs?: number;
  /** With this many rows waiting, new requests are refused with 429. */
  readonly waitingRows: number;
  /** Milliseconds after which a request that is still waiting is refused with 504, when it does not say itself. */
  readonly timeoutMs: number;
  /** Share of the machine while models compete for it: 2 gets twice the time of 1. */
  readonly weight: number;
  /** The operator's word on whether requests are merged; as the model shows when absent. */
  readonly merge?: boolean;
}

export const defaultBatchLimits: BatchLimits = {
  batchRows: 64,
  mostBatchRows: 256,
  waitingRows: 65_536,
  timeoutMs: 60_000,
  weight: 1,
};

/** What an operator says, and the defaults. */
export function batchLimits({ maxRows, queueRows, ...said }: BatchConfig = {}): BatchLimits {
  const mostBatchRows = maxRows ?? defaultBatchLimits.mostBatchRows;
  const waitingRows = queueRows ?? defaultBatchLimits.waitingRows;
  return { ...defaultBatchLimits, ...said, mostBatchRows, waitingRows, batchRows: Math.min(defaultBatchLimits.batchRows, mostBatchRows) };
}

/** Places to run that the models of a gateway share. */
export interface SharedTurns {
  /** The I/O thread. */
  readonly inline: Turns;
  /** The cores, for models in threads of their own. */
  readonly threads: Turns;
}

export interface ScoreOptions {
  readonly priority?: number;
  readonly timeoutMs?: number;
  /** Aborted when nobody waits for the answer any more; asked for only where that can matter. */
  readonly signal?: () => AbortSignal;
  /** Of this request alone: it is run by itself. */
  readonly params?: Params;
}

/** A run in the I/O thread holds up all connections: no more rows together than take about this long. */
const inlineRunMs = 0.5;

const late = (waited: number) =>
  new MillraceError("serving.deadline_exceeded", 504, `The request was not answered within its ${Math.round(waited)} ms.`);
const cancelled = () => new MillraceError("serving.cancelled", 499, "The client gave the request up before it was answered.");

/** For models that run elsewhere. */
const freeTurns = new Turns(Infinity);

function settle(job: Job): Job {
  job.settled = true;
  clearTimeout(job.timer);
  return job;
}

const fail = (job: Job, error: unknown): void => settle(job).reject(error);

/**
 * Runs the requests for one model, as many at a time as the model allows. Of a model whose rows are independent, what arrives in the same turn of the event
 * loop, or while all instances are busy, is scored in one call; of another one each request is a call of its own, whole. A batch waits for more requests for as long as it was
 * told to, or as measurement shows that its requests are answered sooner for it.
 */
export class Batcher {
  readonly #model: Model;
  readonly limits: BatchLimits;
  readonly #turns: SharedTurns;
  readonly #taker: Turntaker;
  readonly #size: BatchSize;
  readonly #delay = new BatchDelay();
  #lastEnd = 0;
  readonly #onBatch: (rows: number, runMs: number) => void;
  readonly #queue = new JobQueue();
  /** Batches that run or wait for their turn. */
  #started = 0;
  #woken = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(model: Model, limits: BatchLimits, turns: SharedTurns, onBatch: (rows: number, runMs: number) => void) {
    this.#model = model;
    this.limits = limits;
    this.#turns = turns;
    this.#taker = { used: 0, weight: limits.weight };
    this.#size = new BatchSize(limits.batchRows, limits.mostBatchRows);
    this.#onBatch = onBatch;
  }

  /** Whether rows of several requests are scored together, and many rows in parts. */
  get merges(): boolean {
    return this.#model.rowwise && (this.limits.merge ?? this.#model.independentRows);
  }

  /** Requests that wait for their run. */
  get waitingRequests(): number {
    return this.#queue.length;
  }

  /** Milliseconds that a batch waits for more requests at present. */
  get delayMs(): number {
    if (!this.merges) return 0;
    return this.limits.delayMs ?? (this.#model.inline ? 0 : this.#delay.ms);
  }

  /** Rows that wait for their run. */
  get waitingRows(): number {
    return this.#queue.rows;
  }

  /**
   * Scores the tensors of one request of `rows` rows, as `bindInputs` made them; answers with all outputs. Fails with 429
   * when too much is waiting, 504 when it is late, 499 when its client gave up.
   */
  score(rows: number, inputs: readonly Tensor[], options: ScoreOptions = {}): Promise<ScoredBatch> {
    if (this.#queue.length > 0 && this.#queue.rows + rows > this.limits.waitingRows) return Promise.reject(this.#overloaded());
    // What runs here at once is answered before anybody can give it up: its signal need not even be made.
    const signal = this.#model.inline ? undefined : options.signal?.();
    if (signal?.aborted) return Promise.reject(cancelled());
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const timeoutMs = options.timeoutMs ?? this.limits.timeoutMs;
      const shape = this.merges ? rowShape(inputs) : "";
      const priority = options.priority ?? 0;
      const deadline = since + timeoutMs;
      const job: Job = { rows, inputs, shape, params: options.params, priority, since, deadline, running: false, settled: false, timer: undefined, resolve, reject };
      if (options.timeoutMs !== undefined || signal) this.#watch(job, options.timeoutMs, signal);
      this.#queue.push(job);
      this.#wake();
    });
  }

  /** Ends a job early when its client gives up or its own deadline passes, wherever it is then. */
  #watch(job: Job, timeoutMs: number | undefined, signal: AbortSignal | undefined): void {
    const giveUp = (error: Error) => {
      if (job.settled) return;
      if (!job.running) this.#queue.forget(job);
      fail(job, error);
    };
    if (timeoutMs !== undefined) job.timer = setTimeout(() => giveUp(late(timeoutMs)), timeoutMs);
    signal?.addEventListener("abort", () => giveUp(cancelled()), { once: true });
  }

  #overloaded(): Error {
    const { rows } = this.#queue;
    const retryAfter = Math.max(1, Math.ceil((rows * (this.#size.rowMs ?? 0)) / 1000 / this.#model.concurrency));
    return new MillraceError(
      "serving.overloaded",
      429,
      `The model has ${rows} rows waiting, of ${this.limits.waitingRows} it may have; try again in ${retryAfter} s.`,
      { details: { retryAfter } },
    );
  }

  #wake(): void {
    if (this.#woken || this.#started >= this.#model.concurrency) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      while (this.#started < this.#model.concurrency && this.#ready()) this.#takeTurn();
    });
  }

  /** Whether a batch should start now: there is one, and it is full or has waited as long as it may. */
  #ready(): boolean {
    const first = this.#queue.first();
    if (!first) return false;
    const { delayMs } = this;
    if (delayMs === 0 || this.#queue.rows >= this.#batchRows) return true;
    const measured = this.limits.delayMs === undefined;
    if (measured && this.#delay.enough(this.#queue.length)) return true;
    const left = (measured ? Math.max(first.since, this.#lastEnd) : first.since) + delayMs - performance.now();
    if (left <= 0) return true;
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#wake();
      }, left).unref();
    }
    return false;
  }

  /** What is in the batch is decided when its turn comes: all that has arrived by then. */
  #takeTurn(): void {
    this.#started++;
    const { inline = false, cores = 1 } = this.#model;
    const turns = inline ? this.#turns.inline : cores > 0 ? this.#turns.threads : freeTurns;
    turns.take(this.#taker, () => {
      const began = performance.now();
      void this.#runBatch(this.#takeBatch()).then(() => {
        this.#started--;
        turns.end(this.#taker, performance.now() - began);
        this.#wake();
      });
    });
  }

  /** Rows that the next batch may have. */
  get #batchRows(): number {
    const { limit, rowMs } = this.#size;
    return this.#model.inline && rowMs !== undefined ? Math.max(1, Math.min(limit, Math.floor(inlineRunMs / rowMs))) : limit;
  }

  #takeBatch(): Job[] {
    const limit = this.#batchRows;
    const now = performance.now();
    const jobs: Job[] = [];
    let rows = 0;
    for (let job = this.#queue.first(); job; job = this.#queue.first()) {
      if (job.deadline <= now) {
        this.#queue.shift();
        fail(job, late(now - job.since));
        continue;
      }
      if (jobs.length > 0 && (!this.#together(jobs[0], job) || rows + job.rows > limit)) break;
      this.#queue.shift();
      jobs.push(job);
      rows += job.rows;
    }
    return jobs;
  }

  /** Whether two jobs may be in one run. */
  #together(one: Job, other: Job): boolean {
    return this.merges && one.shape === other.shape && one.params === undefined && other.params === undefined;
  }

  /** Never rejects: the jobs do. */
  async #runBatch(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return;
    for (const job of jobs) job.running = true;
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    try {
      const inputs = jobs[0].inputs.map((_, input) => stackTensors(jobs.map((job) => job.inputs[input])));
      const began = performance.now();
      const outputs = await this.#runSlices(rows, inputs, { owned: jobs.length > 1, params: jobs[0].params });
      const runMs = performance.now() - began;
      this.#lastEnd = began + runMs;
      if (!this.#model.inline) this.#delay.ran(jobs.length, jobs.reduce((sum, job) => sum + this.#lastEnd - job.since, 0), runMs, this.#queue.length);
      let start = 0;
      for (const job of jobs) {
        const own = jobs.length === 1 ? outputs : outputs.map((output) => takeRows(output, rows, start, job.rows));
        start += job.rows;
        if (!job.settled) settle(job).resolve({ outputs: own, queueMs: began - job.since, runMs });
      }
    } catch (error) {
      // One bad row must not fail its neighbours: each request gets its own run and its own answer. But a model that
      // is gone or stuck is so for all of them.
      const gone = error instanceof MillraceError && error.status >= 500;
      if (jobs.length > 1 && !gone) for (const job of jobs) await this.#runBatch(job.settled ? [] : [job]);
      else for (const job of jobs) if (!job.settled) fail(job, error);
    }
  }

  async #runSlices(rows: number, inputs: readonly Tensor[], options: RunOptions): Promise<readonly Tensor[]> {
    const { mostBatchRows } = this.limits;
    if (rows <= mostBatchRows || !this.merges) return this.#run(rows, inputs, options);
    const parts: (readonly Tensor[])[] = [];
    for (let start = 0; start < rows; start += mostBatchRows) {
      const count = Math.min(mostBatchRows, rows - start);
      parts.push(await this.#run(count, inputs.map((tensor) => takeRows(tensor, rows, start, count)), { ...options, owned: true }));
    }
    return parts[0].map((_, output) => stackTensors(parts.map((part) => part[output])));
  }

  async #run(rows: number, inputs: readonly Tensor[], options: RunOptions): Promise<readonly Tensor[]> {
    const began = performance.now();
    const outputs = await this.#model.run(inputs, options);
    const runMs = performance.now() - began;
    this.#size.ran(rows, runMs, this.#queue.length > 0);
    this.#onBatch(rows, runMs);
    return outputs;
  }
}
