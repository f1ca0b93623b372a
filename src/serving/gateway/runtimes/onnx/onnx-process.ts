import { writeFile } from "node:fs/promises";
import type { Tensor } from "../../tensors/tensor.ts";
import { describeError, MillraceError } from "../../../../errors.ts";
import type { ModelFacts, TrialFacts } from "./onnx-session.ts";
import { startOnnxWorker } from "./onnx-worker-client.ts";
import type { OnnxWorker } from "./onnx-worker-client.ts";
import { sampleInputs } from "./try-model.ts";

/*
 * A process with one ONNX model after the other. Code of a model's run cannot be stopped, not even by ending its thread: `terminate` waits for it, and so does
 * the end of the process. So the model has a thread, and the first thread of this process stays awake for the gateway, which may kill it at any time.
 */

export type ProcessRequest = { readonly id: number } & (
  | { readonly kind: "load"; readonly file: string; readonly threads: number; readonly known?: TrialFacts | undefined }
  | { readonly kind: "run"; readonly inputs: readonly Tensor[] }
  | { readonly kind: "unload" }
);

/** What is known of a model once it was tried. */
export interface OnnxFacts extends ModelFacts {
  /** The least time that a run on a made-up sample took, with the way to another thread and back; 0 where the model was tried before. */
  readonly seconds: number;
}

export interface ProcessAnswer {
  readonly id: number;
  readonly facts?: OnnxFacts;
  readonly outputs?: readonly Tensor[];
  readonly error?: { readonly message: string; readonly code: string | undefined };
}

const timedRuns = 3;

let worker: OnnxWorker | undefined;

async function answer(request: ProcessRequest): Promise<Omit<ProcessAnswer, "id">> {
  if (request.kind === "load") {
    worker = await startOnnxWorker(request.file, request.threads, request.known);
    return { facts: { ...worker.facts, seconds: request.known ? 0 : await timeOf(worker) } };
  }
  if (request.kind === "run") return { outputs: await worker!.run(request.inputs, false) };
  await worker?.release();
  worker = undefined;
  return {};
}

/** A model that does not take the sample is as fast as it refuses it. */
async function timeOf(loaded: OnnxWorker): Promise<number> {
  const sample = sampleInputs(loaded.facts.inputs);
  let least = Infinity;
  for (let i = 0; i < timedRuns; i++) {
    const start = performance.now();
    await loaded.run(sample, false).catch(() => undefined);
    least = Math.min(least, performance.now() - start);
  }
  return least / 1000;
}

if (process.send) {
  const send = (message: ProcessAnswer) => process.send!(message);
  process.on("message", (request: ProcessRequest) => {
    answer(request).then(
      (result) => send({ id: request.id, ...result }),
      (error: unknown) => send({ id: request.id, error: { message: describeError(error), code: error instanceof MillraceError ? error.code : undefined } }),
    );
  });
  // The gateway is gone. A run may be under way, for which an ordinary end would wait.
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  // Where memory is short, this process goes before the gateway does (Linux: proc_pid_oom_score_adj(5)).
  await writeFile("/proc/self/oom_score_adj", "800").catch(() => undefined);
}
