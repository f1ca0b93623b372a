import { hostname } from "node:os";
import type { Stage } from "../stage.ts";
import { registryCollector } from "./collect.ts";
import { registryCommands } from "./commands.ts";
import { registerStep } from "./register-step.ts";
import { registryRoutes } from "./routes.ts";
import { registryMigrations } from "./store.ts";
import { startDispatching } from "./webhooks/dispatcher.ts";

export const registry: Stage = {
  name: "registry",
  purpose: "The models that passed: versions, aliases, lineage",
  migrations: registryMigrations,
  routes: registryRoutes,
  commands: registryCommands,
  steps: [registerStep],
  collector: registryCollector,
  events: { "registry.alias_moved": "somebody moved, rolled back or removed an alias through the API, MLflow's included" },
  // A home has one server at a time, so that its name stays the same when it is started again.
  start: (house) => Promise.resolve(startDispatching(house, `${hostname()}:${house.settings.home}`)),
};
