import type { Command } from "../cli/command.ts";
import { formatDuration } from "../clock.ts";
import { plainText } from "../cli/plain-text.ts";
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
  {
    name: "logs",
    summary: "Shows what the program of a step has printed, and follows it while it runs",
    example: "millrace pipelines logs bike-demand-1a2b3c4d train",
    arguments: { "<run>": "the run's id", "<step>": "the step: train, refit …" },
    run: async ({ server, say, signal }, [id, step]) => {
      const api = client<PipelineRoutes>(await server(), "pipelines");
      let [text, said] = ["", 0];
      for (let from = 0; ; ) {
        const part = await api("GET /runs/:id/steps/:step/output", { params: { id: id ?? "", step: step ?? "" }, query: { from } }, { signal });
        text += part.text;
        if (part.ended) return { data: { run: id, step, output: text }, text: text === "" ? "It printed nothing." : plainText(text.slice(said)).trimEnd() };
        if (part.next === from) {
          // It goes on: what there is now is told now.
          const until = text.lastIndexOf("\n") + 1;
          if (until > said) say(plainText(text.slice(said, until)).trimEnd());
          said = Math.max(said, until);
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        from = part.next;
      }
    },
  },
  {
    name: "cancel",
    summary: "Cancels a run that goes on, with the programs that its steps started",
    example: "millrace pipelines cancel bike-demand-1a2b3c4d",
    arguments: { "<run>": "the run's id" },
    run: async ({ server }, [id]) => {
      const data = await client<PipelineRoutes>(await server(), "pipelines")("POST /runs/:id/cancel", { params: { id: id ?? "" } });
      return { data, text: `${data.run} is being cancelled` };
    },
  },
];
