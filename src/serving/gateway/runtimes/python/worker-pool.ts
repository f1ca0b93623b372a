import { describeError, MillraceError } from "../../../../errors.ts";
import type { Frame } from "./frames.ts";
import { PythonWorker, WorkerLate, WorkerLost } from "./python-worker.ts";
import type { ModelFacts, WorkerAnswer, WorkerRequest, WorkerSettings } from "./python-worker.ts";

export interface PoolSettings extends WorkerSettings {
  readonly instances: number;
  readonly runTimeoutMs: number;
  /** Requests after which a worker makes room for a new one; never when absent. */
  readonly recycleAfter?: number;
  /** Resident bytes above which a worker makes room for a new one; never when absent. */
  readonly memoryCapBytes?: number;
}

export interface Asked {
  readonly request: WorkerRequest;
  readonly parts: readonly Buffer[];
  readonly signal?: AbortSignal;
  readonly onPart?: (part: Frame<WorkerAnswer>) => void;
}

interface Job extends Asked {
  readonly resolve: (answer: Frame<WorkerAnswer>) => void;
  readonly reject: (error: Error) => void;
  /** A worker has died of it, or with it. */
  retried: boolean;
  /** Parts of its answer are on their way: it cannot be asked again. */
  begun: boolean;
}

/** A place for one worker after the other. */
interface Slot {
  worker: PythonWorker | undefined;
  /** A worker that loads the model, to take the place. */
  next: PythonWorker | undefined;
  /** Workers that ended since one last answered. */
  failures: number;
  /** Takes back the start that is planned. */
  cancelStart: (() => void) | undefined;
}

const waitingRequests = 1024;
const firstDelayMs = 250;
const longestDelayMs = 30_000;

/**
 * Processes that serve one model. A request goes to a worker that is idle, or waits; one whose worker dies goes to
 * another, once. Workers that die are started again: at once, and ever later while none answers.
 */
export class WorkerPool {
  readonly #settings: PoolSettings;
  readonly #slots: readonly Slot[];
  readonly #queue: Job[] = [];
  #closing = false;

  /** No worker is there before `start`. */
  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#slots = Array.from({ length: settings.instances }, () => ({ worker: undefined, next: undefined, failures: 0, cancelStart: undefined }));
  }

  /** Starts the workers; fails, with none left, when one of them does not load the model. */
  async start(): Promise<ModelFacts> {
    const started = await Promise.allSettled(this.#slots.map((slot) => this.#start(slot)));
    const failed = started.find((one) => one.status === "rejected");
    if (!failed) return (started[0] as PromiseFulfilledResult<ModelFacts>).value;
    await this.release();
    throw failed.reason;
  }

  /** Answers a request; fails with 429 when too many wait, 503 when workers die of it or none is left, 504 when it takes too long. */
  ask(asked: Asked): Promise<Frame<WorkerAnswer>> {
    if (this.#queue.length >= waitingRequests) {
      return Promise.reject(new MillraceError("serving.overloaded", 429, `The model has ${this.#queue.length} requests waiting; try again later.`));
    }
    return new Promise((resolve, reject) => {
      const job: Job = { ...asked, resolve, reject, retried: false, begun: false };
      this.#queue.push(job);
      asked.signal?.addEventListener("abort", () => this.#forget(job), { once: true });
      this.#dispatch();
    });
  }

  healthy(): boolean {
    return this.#slots.some(({ worker }) => worker?.alive);
  }

  get memoryBytes(): number {
    return this.#slots.reduce((sum, { worker, next }) => sum + (worker?.memoryBytes ?? 0) + (next?.memoryBytes ?? 0), 0);
  }

  /** Process ids of the workers that live. */
  get pids(): number[] {
    return this.#slots.flatMap(({ worker }) => (worker?.alive ? [worker.pid!] : []));
  }

  /** Ends all workers. */
  async release(): Promise<void> {
    this.#closing = true;
    this.#refuse("The model has been unloaded.");
    await Promise.all(
      this.#slots.map(async ({ worker, next, cancelStart }) => {
        cancelStart?.();
        await Promise.all([worker?.end(), next?.end()]);
      }),
    );
  }

  #forget(job: Job): void {
    const at = this.#queue.indexOf(job);
    if (at < 0) return;
    this.#queue.splice(at, 1);
    job.reject(new MillraceError("serving.cancelled", 499, "The client gave the request up before it was answered."));
  }

  #dispatch(): void {
    for (const { worker } of this.#slots) {
      if (this.#queue.length === 0) return;
      if (worker?.alive && !worker.busy) void this.#work(worker, this.#queue.shift()!);
    }
    const hope = this.#slots.some(({ worker, next }) => worker?.alive || next);
    if (!hope && this.#queue.length > 0) this.#refuse("No process of the model is alive; its last ones ended without an answer. It is started again; try later.");
  }

  #refuse(sentence: string): void {
    for (const job of this.#queue.splice(0)) job.reject(new MillraceError("serving.no_worker", 503, sentence));
  }

  /** Never rejects: the job does. */
  async #work(worker: PythonWorker, job: Job): Promise<void> {
    const { runTimeoutMs } = this.#settings;
    try {
      const answer = await worker.ask(job.request, job.parts, runTimeoutMs, (part) => {
        job.begun = true;
        job.onPart?.(part);
      });
      const slot = this.#slots.find((one) => one.worker === worker);
      if (slot) {
        slot.failures = 0;
        this.#recycle(slot, worker);
      } else void worker.end(); // Its place was taken while it worked.
      job.resolve(answer);
    } catch (error) {
      if (error instanceof WorkerLost && !job.retried && !job.begun && !this.#closing) {
        job.retried = true;
        this.#queue.unshift(job);
      } else job.reject(this.#failure(error));
    }
    this.#dispatch();
  }

  #failure(error: unknown): Error {
    if (error instanceof WorkerLate) {
      return new MillraceError("serving.model_late", 504, `The model took longer than ${this.#settings.runTimeoutMs} ms for the request, and its process was ended.`);
    }
    if (error instanceof WorkerLost) return new MillraceError("serving.no_worker", 503, "The process of the model ended before it answered the request, twice.");
    return error as Error;
  }

  /** Loads the model in a new process, and puts it in the place of the one there is. */
  async #start(slot: Slot): Promise<ModelFacts> {
    slot.cancelStart = undefined;
    const next: PythonWorker = new PythonWorker(this.#settings, (how) => this.#ended(slot, next, how));
    slot.next = next;
    try {
      const facts = await next.ready;
      const former = slot.worker;
      slot.worker = next;
      if (former && !former.busy) void former.end(); // A busy one ends after its answer.
      return facts;
    } finally {
      slot.next = undefined;
      if (!this.#closing) this.#dispatch();
    }
  }

  /** Replaces a worker that has answered enough, or grown too much, once the new one has loaded the model. */
  #recycle(slot: Slot, worker: PythonWorker): void {
    const { recycleAfter = Infinity, memoryCapBytes = Infinity, log, folder } = this.#settings;
    if (slot.next || slot.cancelStart || (worker.answered < recycleAfter && worker.memoryBytes <= memoryCapBytes)) return;
    log.info(`${folder}: a worker is replaced after ${worker.answered} requests, with ${Math.round(worker.memoryBytes / 2 ** 20)} MiB`, { worker: worker.pid });
    this.#start(slot).catch((error: unknown) => {
      if (this.#closing) return;
      log.error(`${folder}: the replacement of a worker failed: ${describeError(error)}`);
      if (!slot.worker) this.#startLater(slot);
    });
  }

  #ended(slot: Slot, worker: PythonWorker, how: string): void {
    if (this.#closing || (slot.worker !== undefined && slot.worker !== worker)) return;
    const { log, folder } = this.#settings;
    if (slot.worker === worker) {
      slot.worker = undefined;
      log.error(`${folder}: a worker ${how}`, { worker: worker.pid, stderr: worker.lastLines });
      this.#startLater(slot);
    }
    this.#dispatch();
  }

  #startLater(slot: Slot): void {
    if (slot.next) return;
    const delay = slot.failures === 0 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** (slot.failures - 1));
    slot.failures++;
    const begin = (): void =>
      void this.#start(slot).catch((error: unknown) => {
        if (this.#closing) return;
        this.#settings.log.error(`${this.#settings.folder}: a worker cannot be started again: ${describeError(error)}`);
        this.#startLater(slot);
      });
    if (delay === 0) begin();
    else slot.cancelStart = this.#settings.clock.after(delay, begin);
  }
}
