import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError } from "../errors.ts";
import { openLog } from "../log.ts";
import type { Step, StepProgress } from "../stage.ts";
import { openFolderBlobs } from "../storage/folder-blobs.ts";
import type { StepTask } from "./executor.ts";
import { stepFailure } from "./step-failure.ts";

export interface TaskMessage {
  readonly id: number;
  readonly task: StepTask;
}

export type WorkerMessage =
  | { readonly id: number; readonly kind: "progress"; readonly progress: StepProgress }
  | { readonly id: number; readonly kind: "print"; readonly text: string }
  | { readonly id: number; readonly kind: "done"; readonly output: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: { code: string; status: number; message: string; details?: unknown } };

/**
 * The body of a worker process: takes tasks from its parent over IPC, one after another, and ends when the parent is gone. `kept` is the folder for what outlives
 * a step run.
 */
export function serveTasks(steps: ReadonlyMap<string, Step>, blobsRoot: string, kept: string): void {
  const blobs = openFolderBlobs(blobsRoot);
  const log = openLog("error", "worker");
  const send = (message: WorkerMessage): void => void process.send?.(message);
  process.on("disconnect", () => process.exit(0));
  process.on("message", ({ id, task }: TaskMessage) => {
    const run = async (): Promise<unknown> => {
      const step = steps.get(task.step);
      if (step?.where !== "worker") throw new Error(`${task.step} is no worker step`);
      const workdir = await mkdtemp(join(tmpdir(), "millrace-step-"));
      try {
        const report = (progress: StepProgress): void => send({ id, kind: "progress", progress });
        const print = (text: string): void => send({ id, kind: "print", text });
        return await step.run({ params: task.params, inputs: task.inputs, seed: task.seed, ...(task.place && { place: { ...task.place, kept } }), blobs, workdir, report, print });
      } finally {
        await rm(workdir, { recursive: true, force: true });
      }
    };
    run().then(
      (output) => send({ id, kind: "done", output }),
      (error: unknown) => {
        const known = error instanceof MillraceError;
        if (!known) log.error({ err: error }, `${task.step} failed`);
        send({ id, kind: "failed", error: { ...stepFailure(error), status: known ? error.status : 500, ...(known && error.details ? { details: error.details } : {}) } });
      },
    );
  });
}
