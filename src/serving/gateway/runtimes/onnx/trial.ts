import { invalid } from "../../../../errors.ts";
import type { OnnxFacts } from "./onnx-process.ts";
import { OnnxProcess, ProcessLost } from "./onnx-process-client.ts";

const idleMs = 5000;
const keptFacts = 256;

/**
 * Loads and tries models where they can do no harm: in a process, one after the other. One that does not come to an end is killed with its process, one
 * that takes the process along, or all memory, takes nothing else. The process waits a while for more models, and ends.
 */
class Trial {
  #process: OnnxProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;
  /** By version of the file: a model that comes back to memory need not be tried again. */
  readonly #facts = new Map<string, OnnxFacts>();

  /** What `version` of a file is; fails with a sentence that names the file. */
  of(file: string, version: string, threads: number, timeoutMs: number): Promise<OnnxFacts> {
    const facts = this.#last.then(async () => {
      const known = this.#facts.get(version) ?? (await this.#try(file, threads, timeoutMs));
      this.#facts.delete(version);
      this.#facts.set(version, known);
      if (this.#facts.size > keptFacts) this.#facts.delete(this.#facts.keys().next().value!);
      return known;
    });
    this.#last = facts.catch(() => undefined);
    return facts;
  }

  async #try(file: string, threads: number, timeoutMs: number): Promise<OnnxFacts> {
    clearTimeout(this.#idle);
    if (!this.#process?.alive) this.#process = new OnnxProcess();
    const current = this.#process;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void current.kill();
    }, timeoutMs);
    try {
      const facts = await current.load(file, threads);
      await current.unload();
      return facts;
    } catch (error) {
      if (late) throw invalid("serving.model_unusable", `${file} was not loaded and tried on a sample row within ${timeoutMs} ms; it may have a loop that does not end.`, { file });
      if (error instanceof ProcessLost) throw invalid("serving.model_unusable", `${file} cannot be loaded and tried on a sample row: ${error.message}.`, { file });
      throw error;
    } finally {
      clearTimeout(timer);
      this.#idle = setTimeout(() => void current.kill(), idleMs).unref();
    }
  }
}

/** The one of this process. */
export const trial = new Trial();
