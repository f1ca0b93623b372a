import type { Project } from "../project/project.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { trained } from "../registry/versions.ts";
import type { PipelineDefinition } from "../stage.ts";
import { requireRecipeKey } from "../training/recipes/recipe-key.ts";
import { firstRunPipeline, type Why } from "./training-pipeline.ts";

/** The path of a project, as `millrace run` walks it, for whatever starts it by itself. Parameters: `project`, `until` where it ends early, and `commits` where later commits of the project are run, whatever commands they have. */
export const trainDefinition: PipelineDefinition = {
  name: "optimization.train",
  purpose: "The path of a project from its table to a model that serves, judged against the champion there is when it starts",
  allow: async (house, params, key) => {
    const { train } = params["project"] as unknown as Project;
    // Of commits that are to come nobody knows what they run.
    if (params["commits"] === true || train.command !== undefined || train.algorithm === "run") await requireRecipeKey(house.settings.home, key);
  },
  make: async (house, params, why) => {
    const project = params["project"] as unknown as Project;
    const champion = await resolveAlias(house.db, project.model, "champion");
    return firstRunPipeline(project, champion && trained(champion), { ...why, until: (params["until"] as Why["until"] | undefined) ?? "deploy" });
  },
};
