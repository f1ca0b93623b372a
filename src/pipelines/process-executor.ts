import { fork, type ChildProcess } from "node:child_process";
import { withoutDatabase } from "../config.ts";
import { MillraceError } from "../errors.ts";
import type { JsonObject, StepProgress } from "../stage.ts";
import type { Executor, RunOptions, StepTask } from "./executor.ts";
import type { WorkerMessage } from "./worker.ts";

interface Job {
  readonly task: StepTask;
  readonly report: (progress: StepProgress) => void;
  readonly options: RunOptions;
  readonly resolve: (output: JsonObject) => void;
  readonly reject: (error: Error) => void;
}

interface Worker {
  readonly child: ChildProcess;
  job: Job | undefined;
  idle: NodeJS.Timeout | undefined;
}

export interface ProcessExecutorOptions {
  /** The program that calls `serveTasks`, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  readonly workers: number;
  /** An idle worker is kept this long for the next task (starting one takes about 0.3 s). */
  readonly keepIdleMs?: number;
}

/** Runs worker steps in child processes of this machine, one task per process at a time, the rest queued in order. */
export function openProcessExecutor(options: ProcessExecutorOptions): Executor {
  const workers = new Set<Worker>();
  const queue: Job[] = [];
  let closed = false;

  const startWorker = (): Worker => {
    const child = fork(options.program, [...options.args], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "advanced",
      execArgv: [],
      env: withoutDatabase(process.env),
    });
    const worker: Worker = { child, job: undefined, idle: undefined };
    workers.add(worker);
    child.on("message", (message: WorkerMessage) => {
      const job = worker.job;
      if (!job) return;
      if (message.kind === "progress") job.report(message.progress);
      else if (message.kind === "print") job.options.print?.(message.text);
      else {
        worker.job = undefined;
        if (message.kind === "done") job.resolve(message.output as JsonObject);
        else job.reject(asError(message.error));
        next();
      }
    });
    const lost = (why: string): void => {
      if (!workers.delete(worker)) return;
      clearTimeout(worker.idle);
      worker.job?.reject(new MillraceError("pipelines.worker_lost", 500, `The worker process of step ${worker.job.task.step} ended (${why})`));
      if (!closed) next();
    };
    child.once("exit", (code, signal) => lost(signal ?? `exit code ${code}`));
    // It could not be started, or a task could not be sent to it because it has just died.
    child.on("error", (error) => {
      child.kill("SIGKILL");
      lost(error.message);
    });
    return worker;
  };

  const next = (): void => {
    while (queue.length > 0) {
      const free = [...workers].find((worker) => worker.job === undefined && worker.child.connected);
      const worker = free ?? (workers.size < options.workers ? startWorker() : undefined);
      if (!worker) return;
      clearTimeout(worker.idle);
      worker.job = queue.shift()!;
      worker.child.send({ id: 0, task: worker.job.task });
    }
    for (const worker of workers) {
      if (worker.job) continue;
      clearTimeout(worker.idle);
      worker.idle = setTimeout(() => worker.child.disconnect(), options.keepIdleMs ?? 10_000).unref();
    }
  };

  return {
    run: (task, report, options = {}) =>
      new Promise((resolve, reject) => {
        if (closed) throw new MillraceError("pipelines.closing", 503, "Millrace is shutting down");
        const { signal } = options;
        const leave = (): void => signal?.removeEventListener("abort", cancel);
        const job: Job = { task, report, options, resolve: (output) => (leave(), resolve(output)), reject: (error) => (leave(), reject(error)) };
        const cancel = (): void => {
          const waiting = queue.indexOf(job);
          if (waiting >= 0) queue.splice(waiting, 1);
          job.reject(signal!.reason as Error);
          // Whatever the step has started ends with its worker.
          for (const worker of workers) if (worker.job === job) worker.child.kill("SIGKILL");
        };
        if (signal?.aborted) return cancel();
        signal?.addEventListener("abort", cancel, { once: true });
        queue.push(job);
        next();
      }),
    async close() {
      closed = true;
      const exits = [...workers].map((worker) => new Promise((resolve) => worker.child.once("exit", resolve)));
      for (const job of queue.splice(0)) job.reject(new MillraceError("pipelines.closing", 503, "Millrace is shutting down"));
      for (const worker of workers) worker.child.kill("SIGKILL");
      await Promise.all(exits);
    },
  };
}

function asError(error: { code: string; status: number; message: string; details?: unknown }): MillraceError {
  return new MillraceError(error.code, error.status, error.message, (error.details ? { details: error.details as Record<string, unknown> } : {}));
}
