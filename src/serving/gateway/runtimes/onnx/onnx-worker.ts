import { parentPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { describeError } from "../../../../errors.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { InputSpec, OutputColumn, OutputSpec } from "../runtime.ts";
import type { Values } from "../../tensors/tensor.ts";

/** What the I/O thread asks of the worker of a model. */
export type WorkerRequest =
  | { readonly kind: "run"; readonly id: number; readonly rows: number; readonly columns: readonly Values[] }
  | { readonly kind: "close" };

/** What the worker answers; `ready` or `failed` comes first. */
export type WorkerAnswer =
  | { readonly kind: "ready"; readonly inputs: readonly InputSpec[]; readonly outputs: readonly OutputSpec[] }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "ran"; readonly id: number; readonly columns: readonly OutputColumn[] }
  | { readonly kind: "run_failed"; readonly id: number; readonly message: string };

/**
 * Loads the model and scores until told to close; ends by releasing the session, as ONNX Runtime aborts on a hard
 * exit.
 */
async function work(port: MessagePort, file: string): Promise<void> {
  const answer = (message: WorkerAnswer) => port.postMessage(message, []);
  let session;
  try {
    session = await openOnnxSession(file);
  } catch (error) {
    answer({ kind: "failed", message: describeError(error) });
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
        const { columns } = await session.run(request.rows, request.columns);
        answer({ kind: "ran", id: request.id, columns });
      } catch (error) {
        answer({ kind: "run_failed", id: request.id, message: describeError(error) });
      }
    });
  });
  answer({ kind: "ready", inputs: session.inputs, outputs: session.outputs });
}

if (parentPort) await work(parentPort, (workerData as { file: string }).file);
