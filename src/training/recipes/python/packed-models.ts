import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Table } from "../../../data/types.ts";
import { realClock } from "../../../serving/gateway/runtimes/python/clock.ts";
import { loadPyfunc } from "../../../serving/gateway/runtimes/python/python-runtime.ts";
import type { Model } from "../../../serving/gateway/runtimes/runtime.ts";
import type { BlobStore } from "../../../storage/blobs.ts";
import type { PythonModel, Signature } from "../../types.ts";
import { layFiles } from "../lay-files.ts";
import { pythonAnswers } from "./python-answers.ts";

/** So many are loaded at the same time: each is a process with all that its model needs. */
const mostLoaded = 3;
/** Rows of a training are many. */
const runTimeoutMs = 30 * 60_000;

interface Opened {
  readonly folder: string;
  readonly model: Promise<Model>;
}

/**
 * Models that only Python loads, each in a process of the interpreter that it was trained in: the runtime that serves them answers here, too. Those that were
 * asked last stay loaded until `close`.
 */
export class PackedModels {
  readonly #blobs: BlobStore;
  readonly #workdir: string;
  /** By the digest of the listing, the one asked last at the end. */
  readonly #opened = new Map<string, Opened>();
  #count = 0;

  constructor({ blobs, workdir }: { readonly blobs: BlobStore; readonly workdir: string }) {
    this.#blobs = blobs;
    this.#workdir = workdir;
  }

  /**
   * A model's answers to a table: a number for each row, or row by row a probability for each class.
   *
   * @throws `serving.model_unreadable` when it cannot be loaded, `evaluation.model_failed` when it does not answer
   */
  async answers({ sha256, python }: { readonly sha256: string; readonly python: PythonModel }, signature: Signature, table: Table): Promise<Float64Array<ArrayBuffer>> {
    const opened = this.#opened.get(sha256) ?? this.#open(python);
    this.#opened.delete(sha256);
    this.#opened.set(sha256, opened);
    for (const [other] of [...this.#opened].slice(0, Math.max(0, this.#opened.size - mostLoaded))) await this.#release(other);
    return pythonAnswers(await opened.model, signature, table);
  }

  async close(): Promise<void> {
    for (const one of this.#opened.keys()) await this.#release(one);
  }

  #open(python: PythonModel): Opened {
    const folder = join(this.#workdir, `packed-${this.#count++}`);
    const model = (async () => {
      await layFiles(python.files, folder, this.#blobs, (path) => `the model's file ${path}`);
      return loadPyfunc(folder, { python: python.interpreter, instances: 1, runTimeoutMs }, { log: silent }, realClock);
    })();
    model.catch(() => undefined); // Whoever asks hears of it.
    return { folder, model };
  }

  async #release(sha256: string): Promise<void> {
    const opened = this.#opened.get(sha256)!;
    this.#opened.delete(sha256);
    await opened.model.then((model) => model.release(), () => undefined);
    await rm(opened.folder, { recursive: true, force: true });
  }
}

/** Does work that asks models which only Python loads, and ends their processes after it. */
export async function withPacked<T>(place: { readonly blobs: BlobStore; readonly workdir: string }, work: (packed: PackedModels) => Promise<T>): Promise<T> {
  const packed = new PackedModels(place);
  try {
    return await work(packed);
  } finally {
    await packed.close();
  }
}

/** What a model prints while it is judged is its own affair. */
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
