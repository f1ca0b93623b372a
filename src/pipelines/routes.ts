import Type from "typebox";
import { notFound } from "../errors.ts";
import { route } from "../http/route.ts";
import type { PipelineRun, StepRun } from "../stage.ts";
import { listRuns } from "./store.ts";
import { triggerRoutes } from "./triggers/routes.ts";

export const pipelineRoutes = {
  ...triggerRoutes,
  "GET /runs": route({
    summary: "Pipeline runs, newest first",
    query: Type.Object({
      model: Type.Optional(Type.String()),
      state: Type.Optional(Type.Enum(["running", "succeeded", "stopped", "failed"])),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
    handle: async (house, { query }) => ({ runs: await listRuns(house.db, query) }),
  }),
  "GET /runs/:id": route({
    summary: "One pipeline run with its steps, their progress and outputs",
    params: Type.Object({ id: Type.String() }),
    handle: async (house, { params }) => house.pipelines.read(params.id),
  }),
  "GET /runs/:id/steps/:step/output": route({
    summary: "What the programs of a step have printed, from a byte on, up to 256 KiB; `next` is the byte to ask from next, `ended` whether there will be no more",
    params: Type.Object({ id: Type.String(), step: Type.String() }),
    query: Type.Object({ from: Type.Optional(Type.Integer({ minimum: 0 })) }),
    handle: async (house, { params: { id, step }, query: { from = 0 } }) => {
      // Asked first: what is printed between the two questions is not lost.
      const { state } = stepOf(await house.pipelines.read(id), step);
      const part = await house.pipelines.output(id, step, from);
      return { ...part, ended: state !== "running" && state !== "waiting" && part.next === from };
    },
  }),
  "POST /runs/:id/cancel": route({
    summary: "Cancels a run that goes on: its steps end at once, with the programs they started",
    params: Type.Object({ id: Type.String() }),
    handle: async (house, { params, actor }) => {
      await house.pipelines.cancel(params.id, actor);
      return { run: params.id };
    },
  }),
};

function stepOf(run: PipelineRun, id: string): StepRun {
  const step = run.steps.find((one) => one.id === id);
  if (step) return step;
  throw notFound("pipelines.step_not_found", `The run ${run.id} has no step ${JSON.stringify(id)}; its steps are ${run.steps.map((one) => one.id).join(", ")}`);
}

export type PipelineRoutes = typeof pipelineRoutes;
