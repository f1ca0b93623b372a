import { fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { invalid } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { TrialFacts } from "./onnx-session.ts";
import type { OnnxFacts, ProcessAnswer, ProcessRequest } from "./onnx-process.ts";

/** The process ended before it answered. */
export class ProcessLost extends Error {}

type Asked = ProcessRequest extends infer Request ? (Request extends ProcessRequest ? Omit<Request, "id"> : never) : never;

interface Waiting {
  readonly resolve: (answer: ProcessAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A process that runs ONNX models, one at a time. */
export class OnnxProcess {
  readonly #child;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 0;
  #ended: ProcessLost | undefined;
  #killed = false;

  constructor() {
    // The published package holds .js where the sources hold .ts.
    const entry = fileURLToPath(new URL(`./onnx-process${extname(import.meta.url)}`, import.meta.url));
    // It may know all but Millrace's own settings, among them tokens.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MILLRACE_")));
    this.#child = fork(entry, { serialization: "advanced", execArgv: [], env, stdio: ["ignore", "ignore", "ignore", "ipc"] });
    this.#child.on("message", (answer: ProcessAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      this.#rest();
      if (answer.error) waiting?.reject(answer.error.code === undefined ? new Error(answer.error.message) : invalid(answer.error.code, answer.error.message));
      else waiting?.resolve(answer);
    });
    const end = (how: string) => {
      this.#ended ??= new ProcessLost(`the process of the model ${how}`);
      for (const { reject } of this.#waiting.values()) reject(this.#ended);
      this.#waiting.clear();
    };
    this.#child.once("error", (error) => end(`cannot be started: ${error.message}`));
    this.#exited = once(this.#child, "exit").then(
      ([code, signal]) => end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
      () => undefined, // it was not started
    );
    this.#rest();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it may be asked: not once it has ended, nor from the moment it is to be killed. */
  get alive(): boolean {
    return !this.#killed && this.#ended === undefined;
  }

  get pending(): number {
    return this.#waiting.size;
  }

  /** Loads a model, tries it where it is not known what it is, and says that. Fails with a sentence, or with ProcessLost. */
  async load(file: string, threads: number, known?: TrialFacts): Promise<OnnxFacts> {
    return (await this.#ask({ kind: "load", file, threads, known })).facts!;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    return (await this.#ask({ kind: "run", inputs })).outputs!;
  }

  async unload(): Promise<void> {
    await this.#ask({ kind: "unload" });
  }

  /** Ends the process whatever it does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #ask(asked: Asked): Promise<ProcessAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      this.#child.ref();
      this.#child.channel?.ref();
      this.#child.send({ ...asked, id }, (error) => {
        if (!error) return;
        this.#waiting.delete(id);
        reject(new ProcessLost(`the process of the model cannot be reached: ${error.message}`));
      });
    });
  }

  /** Idle, it keeps nobody from ending. */
  #rest(): void {
    if (this.#waiting.size > 0) return;
    this.#child.unref();
    this.#child.channel?.unref();
  }
}
