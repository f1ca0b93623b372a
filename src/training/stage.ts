import type { House, Stage } from "../stage.ts";
import { abandonRun, openRuns } from "../tracking/open-run.ts";
import { beginStep } from "./recipes/begin-step.ts";
import { makeRecipeKey } from "./recipes/recipe-key.ts";
import { recipeStep } from "./recipes/recipe-step.ts";
import { trainStep } from "./train-step.ts";

export const training: Stage = {
  name: "training",
  purpose: "Trainers: gradient boosting and linear models of our own, and commands of a project's own; written as ONNX",
  steps: [trainStep, recipeStep, beginStep],
  start: startTraining,
};

/** Ends the runs of trainings whose pipeline has ended before they were written whole. */
async function startTraining(house: House): Promise<() => Promise<void>> {
  await makeRecipeKey(house.settings.home);
  const stops = ["pipelines.run_failed", "pipelines.run_stopped"].map((event) => house.events.on(event, ({ payload }) => abandonRun(house.db, String(payload["id"]), house.clock.now())));
  // Of pipelines that ended while nobody listened.
  for (const id of await openRuns(house.db)) {
    const state = await house.pipelines.read(id).then((run) => run.state, () => "failed" as const);
    if (state !== "running") await abandonRun(house.db, id, house.clock.now());
  }
  return async () => stops.forEach((stop) => stop());
}
