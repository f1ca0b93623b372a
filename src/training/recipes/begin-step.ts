import type { Step } from "../../stage.ts";
import { beginRun } from "../../tracking/open-run.ts";

/** Begins the run in the ledger that a recipe's command logs to. */
export const beginStep: Step = {
  name: "training.begin",
  purpose: "Begins the run that the command of a recipe logs to",
  where: "server",
  run: async ({ params, house, runId }) => beginRun(house.db, { id: runId, experiment: String(params["model"]), time: house.clock.now() }),
};
