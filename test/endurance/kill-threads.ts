import type { Worker } from "node:worker_threads";

/*
 * Loaded into a gateway with `--import`: at SIGUSR2 one of its threads that run models dies of an error that nobody catches: it is sent what it cannot
 * read. (`terminate` would end the process when it meets ONNX Runtime amid a run.) The thread that writes the prediction log, which alone has
 * limits of its own, goes on.
 */
const threads = new Set<Worker>();
process.on("worker", (worker: Worker) => {
  if (worker.resourceLimits?.maxYoungGenerationSizeMb === 8) return;
  threads.add(worker);
  worker.once("exit", () => threads.delete(worker));
});
process.on("SIGUSR2", () => {
  const [thread] = threads;
  thread?.postMessage(null, []);
});
