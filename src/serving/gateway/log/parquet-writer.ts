import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Work, WriteAnswer, WriteRequest, Written } from "./parquet-worker.ts";

interface Waiting {
  readonly resolve: (written: Written) => void;
  readonly reject: (error: Error) => void;
}

/** Writes Parquet files in a thread of its own, which starts with the first file: encoding must not hold up answers. */
export class ParquetWriter {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  /** Resolves when what was given is durable in a file of its own. */
  write(work: Work): Promise<Written> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { resolve, reject });
      const request: WriteRequest = { id, work };
      (this.#worker ??= this.#start()).postMessage(request, []);
    });
  }

  /** Ends the thread when what it was given is written. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("close", []);
    await exited;
  }

  #start(): Worker {
    // The published package holds .js where the sources hold .ts.
    const entry = new URL(`./parquet-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(entry, { resourceLimits: { maxYoungGenerationSizeMb: 8 } });
    worker.on("message", ({ id, written, error }: WriteAnswer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (written) waiting?.resolve(written);
      else waiting?.reject(new Error(error));
    });
    const ended = (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined; // the next file gets a new thread
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.once("error", ended);
    worker.once("exit", () => ended(new Error("the thread that writes the prediction log has ended")));
    return worker;
  }
}
