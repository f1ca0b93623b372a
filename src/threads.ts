import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { parentPort, Worker, workerData } from "node:worker_threads";

/** Threads that one step computes on at a time, its own among them; more share the cores with whatever else runs there. */
export const mostThreads = (): number => Math.min(4, availableParallelism());

interface Given {
  readonly entry: string;
  readonly input: unknown;
}

type Answer = { readonly output: unknown } | { readonly error: Error };

/** What a thread gives back, and which of its buffers are handed over instead of copied. */
export interface ThreadOutput<Output> {
  readonly output: Output;
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * Has `input` computed on a thread of its own, which begins with the module `name` beside the module `beside` and ends with its answer. Input and output are
 * copied, but for memory that is shared or handed over. `signal` ends the thread early.
 *
 * @throws what the work throws, and when the thread ends before it answers
 */
export function onThread<Input, Output>(beside: string, name: string, input: Input, signal?: AbortSignal): Promise<Output> {
  // The published package holds .js where the sources hold .ts.
  const entry = new URL(`./${name}${extname(beside)}`, beside);
  const answer = new Promise<Output>((resolve, reject) => {
    const worker = new Worker(entry, { workerData: { entry: entry.href, input } satisfies Given });
    signal?.addEventListener("abort", () => void worker.terminate(), { once: true });
    worker.once("message", (answer: Answer) => ("error" in answer ? reject(answer.error) : resolve(answer.output as Output)));
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the thread ${name} ended with code ${code} before it answered`)));
  });
  // Whoever started the thread may look at its answer late, or, when something else has failed, never.
  answer.catch(() => undefined);
  return answer;
}

/** The body of such a module: where `module` (its `import.meta.url`) is what the thread began with, `work` is done and answered. */
export function serveThread<Input, Output>(module: string, work: (input: Input) => Promise<ThreadOutput<Output>>): void {
  const given = workerData as Given | null;
  if (!parentPort || given?.entry !== module) return;
  const port = parentPort;
  work(given.input as Input).then(
    ({ output, transfer }) => port.postMessage({ output } satisfies Answer, transfer ? [...transfer] : []),
    (error: unknown) => port.postMessage({ error: error instanceof Error ? error : new Error(String(error)) } satisfies Answer, []),
  );
}
