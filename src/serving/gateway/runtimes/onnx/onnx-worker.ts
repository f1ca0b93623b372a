import { parentPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { describeError, MillraceError } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { largeMemory } from "./move-tensors.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { ModelFacts, TrialFacts } from "./onnx-session.ts";

/** What the I/O thread asks of the worker of a model. */
export type WorkerRequest =
  | { readonly kind: "run"; readonly id: number; readonly inputs: readonly Tensor[] }
  | { readonly kind: "close" };

/** What the worker answers; `ready` or `failed` comes first. */
export type WorkerAnswer =
  | { readonly kind: "ready"; readonly facts: ModelFacts }
  | { readonly kind: "failed"; readonly message: string; readonly code: string | undefined }
  | { readonly kind: "ran"; readonly id: number; readonly outputs: readonly Tensor[] }
  | { readonly kind: "run_failed"; readonly id: number; readonly message: string; readonly code: string | undefined };

export interface WorkerData {
  readonly file: string;
  readonly threads: number;
  /** What a trial found; it is tried here where that is absent. */
  readonly known: TrialFacts | undefined;
}

const failure = (error: unknown) => ({
  message: describeError(error),
  code: error instanceof MillraceError ? error.code : undefined,
});

/**
 * Loads the model and scores until told to close; ends by releasing the session, as ONNX Runtime aborts on a hard
 * exit.
 */
async function work(port: MessagePort, { file, threads, known }: WorkerData): Promise<void> {
  const answer = (message: WorkerAnswer, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer);
  let session;
  try {
    session = await openOnnxSession(file, threads, known);
  } catch (error) {
    answer({ kind: "failed", ...failure(error) });
    port.close();
    return;
  }
  let last = Promise.resolve();
  port.on("message", (request: WorkerRequest) => {
    last = last.then(async () => {
      if (request.kind === "close") {
        await session.release();
        port.close();
        return;
      }
      try {
        const { outputs } = await session.run(request.inputs);
        answer({ kind: "ran", id: request.id, outputs }, largeMemory(outputs));
      } catch (error) {
        answer({ kind: "run_failed", id: request.id, ...failure(error) });
      }
    });
  });
  const { inputs, outputs, rowwise, independentRows, dependence, optimisation, remarks } = session;
  answer({ kind: "ready", facts: { inputs, outputs, rowwise, independentRows, ...(dependence !== undefined && { dependence }), optimisation, remarks } });
}

if (parentPort) await work(parentPort, workerData as WorkerData);
