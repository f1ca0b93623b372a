import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeError, MillraceError } from "../errors.ts";
import type { Step, StepProgress } from "../stage.ts";
import { openFolderBlobs } from "../storage/folder-blobs.ts";
import type { StepTask } from "./executor.ts";

export interface TaskMessage {
  readonly id: number;
  readonly task: StepTask;
}

export type WorkerMessage =
  | { readonly id: number; readonly kind: "progress"; readonly progress: StepProgress }
  | { readonly id: number; readonly kind: "done"; readonly output: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly error: { code: string; status: number; message: string; details?: unknown } };

/** The body of a worker process: takes tasks from its parent over IPC, one after another, and ends when the parent is gone. */
export function serveTasks(steps: ReadonlyMap<string, Step>, blobsRoot: string): void {
  const blobs = openFolderBlobs(blobsRoot);
  const send = (message: WorkerMessage): void => void process.send?.(message);
  process.on("disconnect", () => process.exit(0));
  process.on("message", ({ id, task }: TaskMessage) => {
    const run = async (): Promise<unknown> => {
      const step = steps.get(task.step);
      if (step?.where !== "worker") throw new Error(`${task.step} is no worker step`);
      const workdir = await mkdtemp(join(tmpdir(), "millrace-step-"));
      try {
        const report = (progress: StepProgress): void => send({ id, kind: "progress", progress });
        return await step.run({ ...task, blobs, workdir, report });
      } finally {
        await rm(workdir, { recursive: true, force: true });
      }
    };
    run().then(
      (output) => send({ id, kind: "done", output }),
      (error: unknown) =>
        send({
          id,
          kind: "failed",
          error:
            error instanceof MillraceError
              ? { code: error.code, status: error.status, message: describeError(error), ...(error.details ? { details: error.details } : {}) }
              : { code: "pipelines.step_failed", status: 500, message: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        }),
    );
  });
}
