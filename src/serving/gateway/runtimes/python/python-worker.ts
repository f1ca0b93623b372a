import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../../../errors.ts";
import type { GatewayLog } from "../../gateway-log.ts";
import type { Params, ParamSpec, TensorSpec } from "../runtime.ts";
import type { Clock } from "./clock.ts";
import { encodeFrame, frameReader } from "./frames.ts";
import type { Frame, TensorHead } from "./frames.ts";
import { lineReader } from "./lines.ts";

/** What a worker says of its model. */
export interface ModelFacts {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly params: readonly ParamSpec[];
  readonly rowwise: boolean;
  readonly streamable: boolean;
  /** Millrace's own signature, of a model that was packed by it. */
  readonly signature?: string;
}

export interface WorkerSettings {
  readonly python: string;
  readonly folder: string;
  /** Threads of the libraries that count them by environment variables: OpenMP, BLAS. */
  readonly threads: number;
  readonly loadTimeoutMs: number;
  readonly clock: Clock;
  readonly log: GatewayLog;
}

export type WorkerRequest =
  | { readonly op: "run" | "stream"; readonly inputs: readonly TensorHead[]; readonly params?: Params }
  | { readonly op: "native"; readonly contentType: string };

/** The answer to a request, or a part of it where `more` come. */
export interface WorkerAnswer {
  readonly id: number;
  readonly more?: boolean;
  readonly outputs?: readonly TensorHead[];
  /** Of a native answer: what the log keeps of it, its status, and the bytes of the answer itself. */
  readonly inputs?: readonly TensorHead[];
  readonly status?: number;
  readonly contentType?: string;
  readonly length?: number;
  /** Who is to blame for a failure, which `message` tells. */
  readonly fault?: "request" | "model";
  readonly message?: string;
}

type Said = WorkerAnswer | { readonly ready: ModelFacts; readonly memory: number } | { readonly failed: string } | { readonly pong: number };

/** The worker ended before it answered. */
export class WorkerLost extends Error {}
/** The worker took longer than it may, and was killed. */
export class WorkerLate extends Error {}

interface Waiting {
  readonly id: number;
  readonly onPart: (part: Frame<WorkerAnswer>) => void;
  readonly resolve: (answer: Frame<WorkerAnswer>) => void;
  readonly reject: (error: Error) => void;
}

const program = fileURLToPath(new URL("../../../../../python/serve_pyfunc.py", import.meta.url));
const heartbeatMs = 10_000;
const graceMs = 5000;
const keptLines = 20;
const threadVariables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"];

/** A Python process with a model in it, which answers one request at a time. */
export class PythonWorker {
  /** Settled when the model is loaded, or with the sentence that says why it is not. */
  readonly ready: Promise<ModelFacts>;
  readonly #exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #settings: WorkerSettings;
  readonly #lastLines: string[] = [];
  #waiting: Waiting | undefined;
  #nextId = 0;
  #answered = 0;
  #memoryBytes = 0;
  #alive = true;
  #cancelTimer: () => void;
  #lateness: string | undefined;

  /** `onEnd` is told how the process ended before those hear of it who wait for an answer. */
  constructor(settings: WorkerSettings, onEnd: (how: string) => void) {
    this.#settings = settings;
    const { python, folder, log } = settings;
    this.#child = spawn(python, [program, folder], { stdio: ["ignore", "pipe", "pipe", "pipe"], env: environment(settings.threads) });
    this.#socket = this.#child.stdio[3] as Duplex;
    const { promise, resolve, reject } = Promise.withResolvers<ModelFacts>();
    this.ready = promise;
    promise.catch(() => undefined);
    this.#listen(resolve, reject);
    this.#follow(this.#child.stdout!, (line) => log.info(`${folder}: ${line}`, { worker: this.#child.pid }));
    this.#follow(this.#child.stderr!, (line) => {
      this.#lastLines.push(line);
      if (this.#lastLines.length > keptLines) this.#lastLines.shift();
      log.warn(`${folder}: ${line}`, { worker: this.#child.pid });
    });
    this.#exited = this.#end(reject, onEnd);
    this.#cancelTimer = settings.clock.after(settings.loadTimeoutMs, () => {
      reject(unloadable(`${folder} was not loaded within ${settings.loadTimeoutMs} ms`));
      this.#kill(`was not loaded within ${settings.loadTimeoutMs} ms`);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get busy(): boolean {
    return this.#waiting !== undefined;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Requests answered so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Resident bytes at the last heartbeat. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  /** The last lines of its stderr. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /**
   * Sends a request; only while it is not busy. Each part that more follow goes to `onPart`, the last one comes back.
   * Fails with WorkerLost, or with WorkerLate when `timeoutMs` pass without a part.
   */
  ask(request: WorkerRequest, parts: readonly Buffer[], timeoutMs: number, onPart: (part: Frame<WorkerAnswer>) => void): Promise<Frame<WorkerAnswer>> {
    if (!this.#alive) return Promise.reject(new WorkerLost("the worker has ended"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const limit = () => {
        this.#watch(timeoutMs, () => this.#kill(`took longer than ${timeoutMs} ms for a request`));
      };
      this.#waiting = {
        id,
        onPart: (part) => {
          limit();
          onPart(part);
        },
        resolve,
        reject,
      };
      limit();
      this.#socket.cork();
      for (const piece of encodeFrame({ ...request, id }, parts)) this.#socket.write(piece);
      this.#socket.uncork();
    });
  }

  /** Ends the process: asked to first, then killed. */
  async end(): Promise<void> {
    this.#cancelTimer();
    this.#child.kill("SIGTERM");
    const cancel = this.#settings.clock.after(graceMs, () => this.#child.kill("SIGKILL"));
    await this.#exited;
    cancel();
  }

  #listen(ready: (facts: ModelFacts) => void, failed: (error: Error) => void): void {
    const read = frameReader<Said>((frame) => {
      const { header } = frame;
      if ("id" in header) return this.#answer(frame as Frame<WorkerAnswer>);
      if ("pong" in header) {
        this.#memoryBytes = header.pong;
        if (!this.busy) this.#beat();
      } else if ("ready" in header) {
        this.#memoryBytes = header.memory;
        this.#beat();
        ready(header.ready);
      } else failed(unloadable(header.failed));
    });
    this.#socket.on("data", (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (error) {
        this.#kill(`sent what cannot be read: ${String(error)}`);
      }
    });
    this.#socket.on("error", () => undefined); // A process that is gone reads nothing; its exit says why.
  }

  #answer(frame: Frame<WorkerAnswer>): void {
    const waiting = this.#waiting;
    if (waiting?.id !== frame.header.id) return this.#kill("answered what was not asked");
    if (frame.header.more) return waiting.onPart(frame);
    this.#waiting = undefined;
    this.#answered++;
    this.#beat();
    waiting.resolve(frame);
  }

  /** Asks for a sign of life after a while without requests; a worker that gives none is killed. */
  #beat(): void {
    this.#watch(heartbeatMs, () => {
      for (const piece of encodeFrame({ op: "ping" }, [])) this.#socket.write(piece);
      this.#watch(heartbeatMs, () => this.#kill(`gave no sign of life for ${heartbeatMs} ms`));
    });
  }

  #watch(milliseconds: number, act: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#settings.clock.after(milliseconds, act);
  }

  #kill(why: string): void {
    this.#lateness ??= why;
    this.#child.kill("SIGKILL");
  }

  #follow(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
    const read = lineReader(onLine);
    stream.setEncoding("utf8");
    stream.on("data", read);
    stream.on("end", () => read(undefined));
  }

  #end(failed: (error: Error) => void, onEnd: (how: string) => void): Promise<void> {
    const { python, folder } = this.#settings;
    return new Promise((resolve) => {
      const ended = (how: string) => {
        this.#alive = false;
        this.#cancelTimer();
        this.#socket.destroy();
        failed(unloadable(`${python} ${how} before ${folder} was loaded${this.#lastLines.length > 0 ? `: ${this.#lastLines.at(-1)}` : ""}`));
        onEnd(this.#lateness === undefined ? how : `${this.#lateness} and was killed`);
        const lost = this.#lateness === undefined ? new WorkerLost(how) : new WorkerLate(this.#lateness);
        this.#waiting?.reject(lost);
        this.#waiting = undefined;
        resolve();
      };
      this.#child.once("error", (error) => {
        failed(unloadable(`The Python "${python}" cannot be started (${error.message}); name one that has mlflow and what the model needs`));
        if (this.#child.pid === undefined) ended("was not started");
      });
      // Not "close": a process that the model started may hold its output open.
      this.#child.once("exit", (code, signal) => ended(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`));
    });
  }
}

const unloadable = (sentence: string): MillraceError => new MillraceError("serving.model_unreadable", 400, sentence);

/** What a worker may know: all but Millrace's own settings, among them tokens. */
function environment(threads: number): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_")));
  const limits = Object.fromEntries(threadVariables.map((name) => [name, String(threads)]));
  return { MLFLOW_DISABLE_TELEMETRY: "true", ...own, ...limits, PYTHONUNBUFFERED: "1" };
}
