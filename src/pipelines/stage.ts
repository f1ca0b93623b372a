import type { Stage } from "../stage.ts";
import { pipelineCommands } from "./commands.ts";
import { pipelineRoutes } from "./routes.ts";
import { pipelineMigrations } from "./store.ts";
import { mountHooks } from "./triggers/hooks/mount-hooks.ts";
import { startTriggers } from "./triggers/watch-triggers.ts";

export const pipelines: Stage = {
  name: "pipelines",
  purpose: "The engine: runs steps in order, remembers every state, goes on after a crash, repeats no work",
  migrations: pipelineMigrations,
  routes: pipelineRoutes,
  mount: mountHooks,
  commands: pipelineCommands,
  events: {
    "pipelines.run_succeeded": "a pipeline run has done all its steps",
    "pipelines.run_stopped": "a step ended its pipeline run in good order",
    "pipelines.run_failed": "a step of a pipeline run failed",
    "pipelines.trigger_asked": "somebody asked a trigger to fire",
  },
  start: startTriggers,
};
