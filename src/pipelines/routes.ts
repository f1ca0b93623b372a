import Type from "typebox";
import { route } from "../http/route.ts";
import { listRuns } from "./store.ts";

export const pipelineRoutes = {
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
};

export type PipelineRoutes = typeof pipelineRoutes;
