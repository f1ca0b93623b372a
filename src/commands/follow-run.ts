import { client } from "../http/client.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";
import type { PipelineRun, StepRun } from "../stage.ts";
import { outputFollower } from "./follow-output.ts";

/** Watches a pipeline run to its end; `onStep` is told of each step that begins, goes on or ends, `onOutput` of each line that the commands of steps print. */
export async function followRun(server: string, id: string, onStep: (step: StepRun) => void, signal: AbortSignal, onOutput?: (line: string) => void): Promise<PipelineRun> {
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
  const follow = onOutput && outputFollower(server, onOutput, signal);
  for (;;) {
    const run = await api("GET /runs/:id", { params: { id } }, { signal });
    await follow?.(run);
    tell(run);
    if (run.state !== "running") return run;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
