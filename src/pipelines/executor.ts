import type { JsonObject, StepProgress } from "../stage.ts";

/** One worker step to run: everything it needs, as JSON. */
export interface StepTask {
  readonly step: string;
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, JsonObject>>;
  readonly seed: number;
}

/** Where worker steps run. `executor-conformance.ts` is the contract every executor passes. */
export interface Executor {
  /** Runs a task to its output; rejects with the step's own error, or `pipelines.worker_lost` when the worker died. */
  run(task: StepTask, report: (progress: StepProgress) => void): Promise<JsonObject>;
  close(): Promise<void>;
}
