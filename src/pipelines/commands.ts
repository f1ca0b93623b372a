import type { Command } from "../cli/command.ts";
import { formatDuration } from "../clock.ts";
import { moment, table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import type { PipelineRoutes } from "./routes.ts";

export const pipelineCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists pipeline runs, newest first",
    example: "millrace pipelines list",
    run: async ({ server }) => {
      const data = await client<PipelineRoutes>(await server(), "pipelines")("GET /runs", { query: { limit: 50 } });
      const rows = data.runs.map((run) => [run.id, run.name, run.state, moment(run.createdAt), run.finishedAt === null ? "" : formatDuration(run.finishedAt - run.createdAt), run.trigger.slice(0, 60)]);
      return { data, text: table(["run", "pipeline", "state", "began", "took", "why"], rows, "No pipeline has run yet: `millrace run` runs one.") };
    },
  },
  {
    name: "show",
    summary: "Shows a pipeline run step by step",
    example: "millrace pipelines show bike-demand-first",
    arguments: { "<run>": "the run's id" },
    run: async ({ server }, [id]) => {
      const run = await client<PipelineRoutes>(await server(), "pipelines")("GET /runs/:id", { params: { id: id ?? "" } });
      const rows = run.steps.map((step) => [
        step.id,
        step.step,
        step.cacheHit ? "cache hit" : step.state,
        step.startedAt !== null && step.finishedAt !== null ? formatDuration(step.finishedAt - step.startedAt) : "",
        step.error?.message ?? "",
      ]);
      return { data: run, text: `${run.id}: ${run.state}${run.reason === null ? "" : `, ${run.reason}`}\n\n${table(["step", "does", "state", "took", "error"], rows, "no steps")}` };
    },
  },
];
