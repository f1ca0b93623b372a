import { readdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describeError, invalid, MillraceError } from "../../../errors.ts";
import type { ModelContent, VariantConfig } from "../config/config.ts";
import type { GatewayLog } from "../gateway-log.ts";
import { BatchCounts } from "../metrics/model-statistics.ts";
import type { Endpoints, LoadContext, Model, Runtime, SharedModel } from "../runtimes/runtime.ts";
import { runtimeFor } from "../runtimes/runtimes.ts";
import { bindInputs } from "../tensors/bind.ts";
import { namesOf } from "../tensors/matrix-columns.ts";
import { Batcher, batchLimits } from "./batcher.ts";
import { checkContent } from "./check-content.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { ResidentModel, Usage } from "./resident-model.ts";
import type { LoadedAgain } from "./resident-model.ts";
import { Turns } from "./turns.ts";
import { samplesBeside, warmUp } from "./warm-up.ts";
import type { ReadSample } from "./warm-up.ts";

/** A model with its queue, as held by one endpoint. */
export interface HeldModel {
  readonly model: Model;
  readonly batcher: Batcher;
  /** Runs by the rows they scored, since the model was loaded. */
  readonly batches: BatchCounts;
  /** The requests that need it now. */
  readonly usage: Usage;
  /** Its presence in memory, where there is a limit. */
  readonly resident: ResidentModel | undefined;
  /** Gives the model back; the last holder's release frees it. */
  release(): Promise<void>;
}

/** What says which model it is. */
type ModelPlace = Pick<VariantConfig, "location" | "content" | "runtime" | "options" | "batching" | "pinned" | "warmup">;

type Loaded = Omit<HeldModel, "release">;

interface Entry {
  holders: number;
  readonly loaded: Promise<Loaded>;
}

export interface PoolOptions {
  readonly onBatch: (rows: number) => void;
  /** Told of every load: how long it took, and whether it failed. */
  readonly onLoad: (seconds: number, failed: boolean) => void;
  readonly readSample: ReadSample;
  readonly budget: MemoryBudget | undefined;
  readonly endpoints: Endpoints;
  readonly log: GatewayLog;
}

/** Loads at the same time: one that takes minutes must not hold up the others, and many would take the cores of requests. */
const loadsAtOnce = 2;
/** Bytes in memory per byte on disk, before a model says itself. */
const memoryPerByte = 1.5;

type Kept = ReadonlySet<ResidentModel | undefined>;

/** Loads each model once, however many variants and revisions use it: a change of weights loads nothing. */
export class ModelPool {
  readonly #entries = new Map<string, Entry>();
  readonly #models = new Set<Loaded>();
  readonly #options: PoolOptions;
  readonly #lanes: Promise<unknown>[] = Array.from({ length: loadsAtOnce }, () => Promise.resolve());
  #nextLane = 0;
  readonly #turns = { inline: new Turns(1), threads: new Turns(availableParallelism()) };
  readonly #context: LoadContext;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#context = { log: options.log, endpoints: options.endpoints, share: (location) => this.#share(location) };
  }

  /** Bytes that the models in memory take. */
  get memoryBytes(): number {
    let sum = 0;
    for (const { model } of this.#models) sum += model.memoryBytes;
    return sum;
  }

  /** Loads a variant's model, or shares it if it is known and has not changed on disk. What is in `keep` stays in memory. */
  async hold(variant: ModelPlace, keep: Kept = new Set()): Promise<HeldModel> {
    const key = await identity(variant);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { holders: 0, loaded: this.#load(variant, keep) };
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
      const { model, resident } = loaded;
      this.#models.add(loaded);
      const release = async () => {
        if (!drop()) return;
        await model.release();
        this.#models.delete(loaded);
        if (resident) this.#options.budget?.remove(resident);
      };
      return { ...loaded, release };
    } catch (error) {
      drop();
      throw error;
    }
  }

  /** A model for another one that is made of it. */
  async #share(location: string): Promise<SharedModel> {
    const held = await this.hold({ location });
    const { model, batcher } = held;
    const names = new Set(namesOf(model.inputs));
    return {
      model,
      score: async (tensors) => {
        const { rows, inputs } = bindInputs(tensors, model, names);
        return (await batcher.score(rows, inputs)).outputs;
      },
      release: () => held.release(),
    };
  }

  async #load(place: ModelPlace, keep: Kept): Promise<Loaded> {
    const batches = new BatchCounts();
    const onBatch = (rows: number, runMs: number) => {
      batches.add(rows, runMs);
      this.#options.onBatch(rows);
    };
    const { budget } = this.#options;
    let resident: ResidentModel | undefined;
    let model: Model;
    if (budget) {
      const estimate = Math.ceil((await sizeOnDisk(place.location)) * memoryPerByte);
      const first = await this.#loadWithin(budget, place, estimate, keep);
      resident = new ResidentModel(first.model, place.pinned === true, () => this.#loadWithin(budget, place, resident!.lastBytes, new Set()));
      budget.add(resident);
      first.settle();
      ({ model } = resident);
    } else model = await this.#open(place);
    const usage = resident?.usage ?? new Usage();
    return { model, batches, usage, resident, batcher: new Batcher(model, batchLimits(place.batching), this.#turns, onBatch) };
  }

  /** Loads when there is room. */
  async #loadWithin(budget: MemoryBudget, place: ModelPlace, bytes: number, keep: Kept): Promise<LoadedAgain> {
    const settle = await budget.reserve(bytes, keep);
    let model: Model | undefined;
    try {
      model = await this.#open(place);
      if (model.memoryBytes <= bytes) return { model, settle };
      // It takes more than it seemed to: the rest needs room, too.
      const settleRest = await budget.reserve(model.memoryBytes - bytes, keep);
      return {
        model,
        settle: () => {
          settle();
          settleRest();
        },
      };
    } catch (error) {
      await model?.release();
      settle();
      throw error;
    }
  }

  /** Loads and warms up a model in its turn. One that is made of others takes none, or it would wait for those behind it. */
  async #open(place: ModelPlace): Promise<Model> {
    const runtime = await runtimeFor(place.location, place.runtime).catch((error: unknown) => {
      this.#options.onLoad(0, true);
      throw error;
    });
    if (runtime.composite) return this.#openNow(runtime, place);
    const lane = this.#nextLane++ % loadsAtOnce;
    const opened = this.#lanes[lane].then(() => this.#openNow(runtime, place));
    this.#lanes[lane] = opened.catch(() => undefined); // whoever asked for it hears of the failure
    return opened;
  }

  async #openNow(runtime: Runtime, { location, content, options, warmup }: ModelPlace): Promise<Model> {
    const began = performance.now();
    let model: Model | undefined;
    try {
      model = await loadChecked(runtime, content, () => runtime.load(location, options ?? {}, { ...this.#context, ...(content && { check: () => checkContent(content) }) }));
      if (model.waitsFor?.() === undefined) await warmUp(model, warmup ?? (await samplesBeside(location)), this.#options.readSample);
      this.#options.onLoad((performance.now() - began) / 1000, false);
      const { dependence, remarks = [] } = model;
      if (dependence !== undefined || remarks.length > 0) this.#options.log.info(`${location} is loaded`, { ...(dependence !== undefined && { dependence }), ...(remarks.length > 0 && { remarks }) });
      return model;
    } catch (error) {
      this.#options.onLoad((performance.now() - began) / 1000, true);
      await model?.release();
      throw error;
    }
  }
}

/**
 * Loads what holds what it should. A runtime that tries files in a process of their own does so while they are read for their checksums, and what it makes of
 * damaged ones is given back; others wait.
 */
async function loadChecked(runtime: Runtime, content: ModelContent | undefined, load: () => Promise<Model>): Promise<Model> {
  if (!content) return load();
  if (!runtime.triesApart) {
    await checkContent(content);
    return load();
  }
  const [checked, loaded] = await Promise.allSettled([checkContent(content), load()]);
  if (checked.status === "rejected") {
    if (loaded.status === "fulfilled") await loaded.value.release();
    throw checked.reason;
  }
  if (loaded.status === "rejected") throw loaded.reason;
  return loaded.value;
}

async function identity({ location, content, runtime, options, batching, pinned, warmup }: ModelPlace): Promise<string> {
  const how = [location, content, runtime, options, batching, pinned, warmup];
  if (isUrl(location)) return JSON.stringify(how);
  try {
    const { ino, size, mtimeMs } = await stat(location);
    return JSON.stringify([...how, ino, size, mtimeMs]);
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the model ${location}: ${describeError(error)}.`, { location });
  }
}

const isUrl = (location: string): boolean => /^[a-z]+:\/\//.test(location);

/** Bytes of a file, or of everything in a folder; 0 for a URL. */
async function sizeOnDisk(location: string): Promise<number> {
  if (isUrl(location)) return 0;
  const found = await stat(location).catch((error: unknown) => {
    throw new MillraceError("serving.model_missing", 400, `Cannot read the model ${location}: ${describeError(error)}.`, { cause: error });
  });
  if (!found.isDirectory()) return found.size;
  const entries = await readdir(location, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
