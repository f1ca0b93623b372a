import type { House, Stage } from "../stage.ts";
import { endRun, openRuns } from "../tracking/open-run.ts";
import { adoptStep } from "./recipes/adopt-step.ts";
import { beginStep } from "./recipes/begin-step.ts";
import { makeRecipeKey } from "./recipes/recipe-key.ts";
import { recipeStep } from "./recipes/recipe-step.ts";
import { trainStep } from "./train-step.ts";

export const training: Stage = {
  name: "training",
  purpose: "Trainers: gradient boosting and linear models of our own, and commands of a project's own; written as ONNX",
  steps: [trainStep, recipeStep, beginStep, adoptStep],
  start: startTraining,
};

/** Ends the runs of trainings whose pipeline has ended: those that were not written whole, and those within. A pipeline that stopped in good order has failed at nothing. */
async function startTraining(house: House): Promise<() => Promise<void>> {
  await makeRecipeKey(house.settings.home);
  const end = (id: string, state: string): Promise<void> => endRun(house.db, id, state === "failed" ? "failed" : "finished", house.clock.now());
  const stops = ["failed", "stopped", "succeeded"].map((state) => house.events.on(`pipelines.run_${state}`, ({ payload }) => end(String(payload["id"]), state)));
  // Of pipelines that ended while nobody listened.
  for (const id of await openRuns(house.db)) {
    const state = await house.pipelines.read(id).then((run) => run.state, () => "failed" as const);
    if (state !== "running") await end(id, state);
  }
  return async () => stops.forEach((stop) => stop());
}
