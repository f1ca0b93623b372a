import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { describeError, invalid } from "../../../errors.ts";
import type { VariantConfig } from "../config/config.ts";
import type { GatewayLog } from "../gateway-log.ts";
import { BatchCounts } from "../metrics/model-statistics.ts";
import type { LoadContext, Model, SharedModel } from "../runtimes/runtime.ts";
import { runtimeFor } from "../runtimes/runtimes.ts";
import { bindInputs } from "../tensors/bind.ts";
import { Batcher, defaultBatchLimits } from "./batcher.ts";
import { Turns } from "./turns.ts";

/** A model with its queue, as held by one deployment. */
export interface HeldModel {
  readonly model: Model;
  readonly batcher: Batcher;
  /** Runs by the rows they scored, since the model was loaded. */
  readonly batches: BatchCounts;
  /** Gives the model back; the last holder's release frees it. */
  release(): Promise<void>;
}

/** What says which model it is. */
type ModelPlace = Pick<VariantConfig, "location" | "runtime">;

type Loaded = Omit<HeldModel, "release">;

interface Entry {
  holders: number;
  readonly loaded: Promise<Loaded>;
}

/** Loads each model file once, however many variants and revisions use it: a change of weights loads nothing. */
export class ModelPool {
  readonly #entries = new Map<string, Entry>();
  readonly #onBatch: (rows: number) => void;
  readonly #turns = { inline: new Turns(1), threads: new Turns(availableParallelism()) };
  readonly #context: LoadContext;

  constructor(onBatch: (rows: number) => void, log: GatewayLog) {
    this.#onBatch = onBatch;
    this.#context = { log, share: (location) => this.#share(location) };
  }

  /** Loads a variant's model, or shares it if it is in memory and has not changed on disk. */
  async hold(variant: ModelPlace): Promise<HeldModel> {
    const key = await identity(variant);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { holders: 0, loaded: this.#load(variant) };
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
      const loaded = await held.loaded;
      const { model } = loaded;
      return { ...loaded, release: async () => void (drop() && (await model.release())) };
    } catch (error) {
      drop();
      throw error;
    }
  }

  /** A model for another one that is made of it. */
  async #share(location: string): Promise<SharedModel> {
    const held = await this.hold({ location });
    const { model, batcher } = held;
    const names = new Set(model.inputs.map((input) => input.name));
    return {
      model,
      score: async (tensors) => {
        const { rows, inputs } = bindInputs(tensors, model, names);
        return (await batcher.score(rows, inputs)).outputs;
      },
      release: () => held.release(),
    };
  }

  async #load({ location, runtime }: ModelPlace): Promise<Loaded> {
    const model = await (await runtimeFor(location, runtime)).load(location, {}, this.#context);
    const batches = new BatchCounts();
    const onBatch = (rows: number, runMs: number) => {
      batches.add(rows, runMs);
      this.#onBatch(rows);
    };
    return { model, batches, batcher: new Batcher(model, defaultBatchLimits, this.#turns, onBatch) };
  }
}

async function identity({ location, runtime }: ModelPlace): Promise<string> {
  if (/^[a-z]+:\/\//.test(location)) return JSON.stringify([location, runtime]);
  try {
    const { ino, size, mtimeMs } = await stat(location);
    return JSON.stringify([location, runtime, ino, size, mtimeMs]);
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the model ${location}: ${describeError(error)}.`, { location });
  }
}
