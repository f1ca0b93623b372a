import type { JsonObject, StepPlace, StepProgress } from "../stage.ts";

/** One worker step to run: everything it needs, as JSON. */
export interface StepTask {
  readonly step: string;
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, JsonObject>>;
  readonly seed: number;
  /** Which step run it is; absent outside of a pipeline. */
  readonly place?: Omit<StepPlace, "kept">;
}

export interface RunOptions {
  /** Is given what programs print that the step runs. */
  readonly print?: (text: string) => void;
  /** Ends the task at once, with whatever it started. */
  readonly signal?: AbortSignal;
}

/** Where worker steps run. `executor-conformance.ts` is the contract every executor passes. */
export interface Executor {
  /** Runs a task to its output; rejects with the step's own error, `pipelines.worker_lost` when the worker died, or what `signal` was aborted with. */
  run(task: StepTask, report: (progress: StepProgress) => void, options?: RunOptions): Promise<JsonObject>;
  close(): Promise<void>;
}
