import { stat } from "node:fs/promises";
import { describeError, invalid } from "../../../errors.ts";
import { Batcher, defaultBatchLimits } from "./batcher.ts";
import type { Model } from "../runtimes/runtime.ts";
import { runtimeFor } from "../runtimes/runtimes.ts";

/** A model with its queue, as held by one deployment. */
export interface HeldModel {
  readonly model: Model;
  readonly batcher: Batcher;
  /** Gives the model back; the last holder's release frees it. */
  release(): Promise<void>;
}

interface Entry {
  holders: number;
  readonly loaded: Promise<{ model: Model; batcher: Batcher }>;
}

/** Loads each model file once, however many variants and revisions use it: a change of weights loads nothing. */
export class ModelPool {
  readonly #entries = new Map<string, Entry>();
  readonly #onBatch: (rows: number) => void;

  constructor(onBatch: (rows: number) => void) {
    this.#onBatch = onBatch;
  }

  /** Loads `file`, or shares it if it is in memory and has not changed on disk. */
  async hold(file: string): Promise<HeldModel> {
    const key = await identity(file);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { holders: 0, loaded: this.#load(file) };
      this.#entries.set(key, entry);
    }
    entry.holders++;
    const held = entry;
    const drop = () => {
      held.holders--;
      if (held.holders > 0) return false;
      this.#entries.delete(key);
      return true;
    };
    try {
      const { model, batcher } = await held.loaded;
      return { model, batcher, release: async () => void (drop() && (await model.release())) };
    } catch (error) {
      drop();
      throw error;
    }
  }

  async #load(file: string): Promise<{ model: Model; batcher: Batcher }> {
    const model = await runtimeFor(file).load(file);
    return { model, batcher: new Batcher(model, defaultBatchLimits, this.#onBatch) };
  }
}

async function identity(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return JSON.stringify([file, ino, size, mtimeMs]);
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the model file ${file}: ${describeError(error)}.`, { file });
  }
}
