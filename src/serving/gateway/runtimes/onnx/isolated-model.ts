import { describeError, invalid, MillraceError } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { OnnxProcess, ProcessLost } from "./onnx-process-client.ts";
import type { TrialFacts } from "./onnx-session.ts";
import type { OnnxWorker } from "./onnx-worker-client.ts";

const graceMs = 5000;

/** Loads an ONNX model in a process of its own, whose runs may take so long at most: then the process is killed, as nothing else ends a run. */
export async function startIsolated(file: string, threads: number, known: TrialFacts, runTimeoutMs: number): Promise<OnnxWorker> {
  const own = new OnnxProcess();
  let late = false;
  const facts = await own.load(file, threads, known).catch(async (error: unknown) => {
    await own.kill();
    throw error instanceof ProcessLost ? invalid("serving.model_unreadable", `${file} cannot be loaded: ${describeError(error)}`, { file }) : error;
  });

  const run = async (inputs: readonly Tensor[]): Promise<readonly Tensor[]> => {
    let mine = false;
    const timer = setTimeout(() => {
      mine = late = true;
      void own.kill();
    }, runTimeoutMs);
    try {
      return await own.run(inputs);
    } catch (error) {
      if (!(error instanceof ProcessLost)) throw error;
      if (mine) throw new MillraceError("serving.model_late", 504, `The model took longer than ${runTimeoutMs} ms for the request, and its process was ended.`);
      throw new MillraceError("serving.no_worker", 503, late ? "The process of the model was ended, as another request took too long; try again." : `The process of the model ended before it answered the request: ${error.message}.`);
    } finally {
      clearTimeout(timer);
    }
  };

  const release = async () => {
    if (!own.alive) return;
    const timer = setTimeout(() => void own.kill(), graceMs);
    await own.unload().catch(() => undefined); // it had to be killed
    clearTimeout(timer);
    await own.kill();
  };

  return { facts, run, release, pending: () => own.pending, alive: () => own.alive };
}
