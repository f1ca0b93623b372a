import type { Stage } from "../stage.ts";
import { appendStep } from "./append-step.ts";
import { dataCommands } from "./commands.ts";
import { ingestStep } from "./ingest-step.ts";
import { registerDatasetStep } from "./register-step.ts";
import { dataRoutes } from "./routes.ts";
import { dataMigrations } from "./store.ts";
import { validateStep } from "./validate-step.ts";

export const data: Stage = {
  name: "data",
  purpose: "The tables models learn from: dataset versions, profiles, schemas, anomalies, leaks",
  migrations: dataMigrations,
  routes: dataRoutes,
  commands: dataCommands,
  steps: [ingestStep, appendStep, validateStep, registerDatasetStep],
};
