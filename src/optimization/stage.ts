import type { Stage } from "../stage.ts";
import { backtestStep, stretchStep } from "./backtest/backtest-step.ts";
import { promotionsStep } from "./backtest/promotions-step.ts";
import { canaryStep } from "./canary-step.ts";
import { chooseStep } from "./candidates/choose-step.ts";
import { optimizationCommands } from "./commands.ts";
import { deployStep } from "./deploy-step.ts";
import { optimizationRoutes } from "./routes.ts";
import { startTurning } from "./schedule.ts";
import { trainDefinition } from "./train-definition.ts";
import { optimizationMigrations } from "./store.ts";

export const optimization: Stage = {
  name: "optimization",
  purpose: "The loop: alarms to retraining, gate, canary, promotion or rollback",
  migrations: optimizationMigrations,
  routes: optimizationRoutes,
  commands: optimizationCommands,
  steps: [deployStep, chooseStep, canaryStep, backtestStep, stretchStep, promotionsStep],
  definitions: [trainDefinition],
  events: {
    "optimization.retraining_started": "an alarm started a retraining",
    "optimization.retraining_wanted": "an alarm calls for a retraining of a model that nobody here knows how to train",
    "optimization.challenger_promoted": "a challenger took all the traffic",
    "optimization.challenger_rolled_back": "a challenger was taken back",
  },
  start: startTurning,
};
