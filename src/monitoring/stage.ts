import type { Stage } from "../stage.ts";
import { monitoringCommands } from "./commands.ts";
import { feedbackStep } from "./feedback-step.ts";
import { referenceStep } from "./drift/reference-step.ts";
import { monitoringRoutes } from "./routes.ts";
import { monitoringMigrations } from "./store.ts";

export const monitoring: Stage = {
  name: "monitoring",
  purpose: "How models do in production: the prediction log joined with labels, live error, drift",
  migrations: monitoringMigrations,
  routes: monitoringRoutes,
  commands: monitoringCommands,
  steps: [referenceStep, feedbackStep],
  events: { "monitoring.drift_detected": "a drift window ended with more drifted features than allowed" },
};
