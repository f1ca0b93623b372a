import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { invalid } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { copyOfLarge, largeMemory } from "./move-tensors.ts";
import type { ModelFacts, TrialFacts } from "./onnx-session.ts";
import type { WorkerAnswer, WorkerData, WorkerRequest } from "./onnx-worker.ts";

/** An ONNX model loaded in a thread of its own. */
export interface OnnxWorker {
  readonly facts: ModelFacts;
  /** `owned`: the memory of the inputs may go to the thread. */
  run(inputs: readonly Tensor[], owned: boolean): Promise<readonly Tensor[]>;
  /** Runs that were asked for and have not ended. */
  pending(): number;
  /** False once the thread has ended, for whatever reason. */
  alive(): boolean;
  release(): Promise<void>;
}

interface Waiting {
  readonly resolve: (outputs: readonly Tensor[]) => void;
  readonly reject: (error: Error) => void;
}

/** Starts a thread that loads `file`, and tries it where it is not known what it is; resolves when it is ready to score. */
export function startOnnxWorker(file: string, threads: number, known?: TrialFacts): Promise<OnnxWorker> {
  // The published package holds .js where the sources hold .ts.
  const entry = new URL(`./onnx-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(entry, { workerData: { file, threads, known } satisfies WorkerData });
  const waiting = new Map<number, Waiting>();
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let nextId = 0;
  let ended: Error | undefined;

  const post = (request: WorkerRequest, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(request, transfer);
  const end = (reason: Error) => {
    ended ??= reason;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };

  return new Promise((resolve, reject) => {
    worker.on("message", (message: WorkerAnswer) => {
      if (message.kind === "ready") {
        resolve({
          facts: message.facts,
          run: (inputs, owned) =>
            new Promise((done, failed) => {
              if (ended) return failed(ended);
              const id = nextId++;
              waiting.set(id, { resolve: done, reject: failed });
              const sent = owned ? inputs : inputs.map(copyOfLarge);
              post({ kind: "run", id, inputs: sent }, largeMemory(sent));
            }),
          pending: () => waiting.size,
          alive: () => ended === undefined,
          release: async () => {
            if (!ended) post({ kind: "close" });
            await exited;
          },
        });
      } else if (message.kind === "failed") {
        reject(invalid(message.code ?? "serving.model_unreadable", message.message, { file }));
      } else {
        const request = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.kind === "ran") request?.resolve(message.outputs);
        else request?.reject(message.code === undefined ? new Error(message.message) : invalid(message.code, message.message));
      }
    });
    const stopped = (error: Error) => {
      end(error);
      reject(error);
    };
    const died = "the thread that runs the model has ended";
    worker.once("error", (cause) => stopped(new Error(died, { cause })));
    worker.once("exit", () => stopped(new Error(died)));
  });
}
