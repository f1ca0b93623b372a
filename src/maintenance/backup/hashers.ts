import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { BlobInfo } from "../../storage/blobs.ts";
import { mostThreads } from "../../threads.ts";

/** A file to hash, or `size` bytes of it from `from` on. */
export interface ToHash {
  readonly path: string;
  readonly from?: number;
  readonly size?: number;
}

export type Hashed = BlobInfo | { readonly error: Error };

/** Hashes files on threads of its own, while the disk works for the one that asks. */
export interface Hashers {
  /** SHA-256 and size of what is there. Rejects where it cannot be read. */
  readonly hash: (asked: ToHash) => Promise<BlobInfo>;
  readonly close: () => Promise<void>;
}

/** A thread hashes about a gigabyte a second, and copying takes a core as well. */
const most = Math.max(1, Math.min(2, mostThreads() - 1));

/** Threads begin when they are first needed. */
export function openHashers(): Hashers {
  const idle: Worker[] = [];
  const all: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];
  const begin = (): Worker => {
    const worker = new Worker(new URL(`./hashers-thread${extname(import.meta.url)}`, import.meta.url));
    all.push(worker);
    return worker;
  };
  const take = (): Promise<Worker> => {
    const free = idle.pop() ?? (all.length < most ? begin() : undefined);
    return free ? Promise.resolve(free) : new Promise((resolve) => void waiting.push(resolve));
  };
  const giveBack = (worker: Worker): void => {
    const next = waiting.shift();
    if (next) next(worker);
    else idle.push(worker);
  };
  return {
    hash: async (asked) => {
      const worker = await take();
      let answer: Hashed;
      try {
        worker.postMessage(asked, []);
        // Rejects where the thread itself fails, which then is none any more.
        [answer] = (await once(worker, "message")) as [Hashed];
      } catch (error) {
        all.splice(all.indexOf(worker), 1);
        if (waiting.length > 0) giveBack(begin());
        throw error;
      }
      giveBack(worker);
      if ("error" in answer) throw answer.error;
      return answer;
    },
    close: async () => {
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}
