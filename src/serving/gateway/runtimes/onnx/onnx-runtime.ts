import { stat } from "node:fs/promises";
import { describeError, invalid } from "../../../../errors.ts";
import { classesIn, readOnnxMetadata } from "./onnx-metadata.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { OnnxSession } from "./onnx-session.ts";
import { startOnnxWorker } from "./onnx-worker-client.ts";
import type { OnnxWorker } from "./onnx-worker-client.ts";
import type { Model, OutputColumn, Runtime } from "../runtime.ts";
import type { Values } from "../../tensors/tensor.ts";

/** When a model leaves the I/O thread for a thread of its own. */
export interface InlineLimits {
  /** Moving average of the time of one run; the hop to another thread costs about 0.1 ms. */
  readonly seconds: number;
  /** Loading blocks the thread it happens in: larger files are loaded elsewhere from the start. */
  readonly bytes: number;
}

/**
 * Weight of the newest run in the moving average, and the most that one run counts in limits: one stall moves no
 * model.
 */
const smoothing = 1 / 16;
const largestSample = 8;

/**
 * ONNX models through onnxruntime-node: in the I/O thread while they are fast, in a worker thread once they are not.
 */
export const onnxRuntime: Runtime = {
  name: "onnx",
  accepts: (file) => file.endsWith(".onnx"),
  load: (file) => loadOnnx(file, { seconds: 0.001, bytes: 8 * 2 ** 20 }),
};

/** Loads an ONNX file under other limits than the usual ones. */
export async function loadOnnx(file: string, limits: InlineLimits): Promise<Model> {
  let size: number;
  let metadata: ReadonlyMap<string, string>;
  try {
    size = (await stat(file)).size;
    metadata = await readOnnxMetadata(file);
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the model file ${file}: ${describeError(error)}.`, { file });
  }
  const thread = size > limits.bytes ? await startOnnxWorker(file) : undefined;
  const session = thread ? undefined : await openOnnxSession(file);
  const { inputs, outputs } = (thread ?? session)!;
  const place = new Placement(file, limits.seconds, session, thread);
  return {
    platform: "onnx_onnxv1",
    inputs,
    outputs,
    classes: classesIn(metadata),
    run: (rows, columns) => place.run(rows, columns),
    release: () => place.release(),
  };
}

/** Where a model runs: in this thread, or once it proved slow in another one for good. */
class Placement {
  readonly #file: string;
  readonly #limit: number;
  #session: OnnxSession | undefined;
  #worker: Promise<OnnxWorker> | undefined;
  #average = 0;
  #running = 0;

  constructor(file: string, limit: number, session: OnnxSession | undefined, worker: OnnxWorker | undefined) {
    this.#file = file;
    this.#limit = limit;
    this.#session = session;
    this.#worker = worker && Promise.resolve(worker);
  }

  run(rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]> {
    return this.#session ? this.#runHere(this.#session, rows, columns) : this.#runThere(rows, columns);
  }

  async #runHere(session: OnnxSession, rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]> {
    this.#running++;
    try {
      const result = await session.run(rows, columns);
      this.#average += (Math.min(result.seconds, largestSample * this.#limit) - this.#average) * smoothing;
      if (this.#average > this.#limit) this.#move(session);
      return result.columns;
    } finally {
      this.#running--;
      if (this.#running === 0 && this.#session === undefined) await session.release();
    }
  }

  async #runThere(rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]> {
    const worker = await (this.#worker ??= startOnnxWorker(this.#file));
    try {
      return await worker.run(rows, columns);
    } finally {
      if (!worker.alive()) this.#worker = undefined; // a thread that died is replaced with the next request
    }
  }

  /** Keeps answering here until the other thread is ready. */
  #move(session: OnnxSession): void {
    if (this.#worker) return;
    this.#worker = startOnnxWorker(this.#file);
    this.#worker.then(
      async () => {
        this.#session = undefined;
        if (this.#running === 0) await session.release();
      },
      (error: unknown) => process.emitWarning(`${this.#file} stays in the I/O thread: ${describeError(error)}`),
    );
  }

  async release(): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    await this.#session?.release();
    await worker?.release();
  }
}
