import { client } from "../http/client.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";
import type { PipelineRun, StepRun } from "../stage.ts";

/** Watches a pipeline run to its end; `onStep` is told of each step that begins, goes on or ends. */
export async function followRun(server: string, id: string, onStep: (step: StepRun) => void, signal: AbortSignal): Promise<PipelineRun> {
  const api = client<PipelineRoutes>(server, "pipelines");
  const seen = new Map<string, string>();
  const tell = (run: PipelineRun): void => {
    for (const step of run.steps) {
      const state = JSON.stringify([step.state, step.progress]);
      if (step.state === "waiting" || seen.get(step.id) === state) continue;
      seen.set(step.id, state);
      onStep(step);
    }
  };
  let ended = false;
  const finished = api("GET /runs/:id/finished", { params: { id } }, { signal }).finally(() => (ended = true));
  // The failure is thrown below, where it is awaited.
  finished.catch(() => undefined);
  while (!ended) {
    await Promise.race([finished.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 150))]);
    if (!ended) tell(await api("GET /runs/:id", { params: { id } }, { signal }));
  }
  const run = await finished;
  tell(run);
  return run;
}
