import { MillraceError } from "../../errors.ts";

/** A run that a command may log to. */
export interface TrackedRun {
  readonly id: string;
  /** What tells MLflow's clients of it; what is undefined is taken out of the environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Says how it ended; a pipeline's own run is ended by the pipeline. */
  readonly end: (well: boolean) => Promise<void>;
}

/**
 * The run that a training logs to: the pipeline's own, or one within it (`part`), which is begun here through the API of the server. Without a server nothing is
 * tracked, and whatever the environment said of MLflow is taken out of it.
 *
 * @throws `training.tracking_refused`
 */
export async function openTrackedRun(server: string | null, { runId, experimentId, part }: { readonly runId: string; readonly experimentId: string | null; readonly part: string | null }): Promise<TrackedRun> {
  // Of a shell that the server was started from.
  const others = { MLFLOW_EXPERIMENT_NAME: undefined, MLFLOW_REGISTRY_URI: undefined, MLFLOW_TRACKING_URI: undefined, MLFLOW_RUN_ID: undefined, MLFLOW_EXPERIMENT_ID: undefined };
  if (server === null || experimentId === null) return { id: runId, env: others, end: async () => undefined };
  const envOf = (id: string) => ({ ...others, MLFLOW_TRACKING_URI: server, MLFLOW_RUN_ID: id, MLFLOW_EXPERIMENT_ID: experimentId });
  if (part === null) return { id: runId, env: envOf(runId), end: async () => undefined };
  const { run } = (await callTracking(server, "runs/create", {
    experiment_id: experimentId,
    run_name: part,
    start_time: Date.now(),
    tags: [
      { key: "mlflow.parentRunId", value: runId },
      { key: "mlflow.runName", value: part },
    ],
  })) as { run: { info: { run_id: string } } };
  const id = run.info.run_id;
  return { id, env: envOf(id), end: async (well) => void (await callTracking(server, "runs/update", { run_id: id, status: well ? "FINISHED" : "FAILED", end_time: Date.now() })) };
}

/** Asks the tracking server, by POST where there is a body. Throws `training.tracking_refused`. */
export async function callTracking(server: string, path: string, body?: object, below = "mlflow/"): Promise<unknown> {
  const asked = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${server}/api/2.0/${below}${path}`, { ...asked, signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new MillraceError("training.tracking_refused", 500, `The tracking server at ${server} answered ${response.status} to ${path}: ${text.slice(0, 300)}`);
}
