import type { GateVerdict } from "../evaluation/gate.ts";
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
  verdict: ({ state, reason, steps }) => {
    const output = <T>(id: string): T | null | undefined => steps.find((step) => step.id === id)?.output as T | null | undefined;
    const checks = output<GateVerdict>("gate")?.checks.map((check) => check.reason) ?? [];
    const { version } = output<{ version: number }>("register") ?? {};
    if (state !== "succeeded") return reason ?? state;
    return [version === undefined ? "the gate lets it pass" : output("deploy") ? `version ${version} is deployed` : `version ${version} is registered`, ...checks].join("; ");
  },
  make: async (house, params, why) => {
    const project = params["project"] as unknown as Project;
    const champion = await resolveAlias(house.db, project.model, "champion");
    return firstRunPipeline(project, champion && trained(champion), { ...why, until: (params["until"] as Why["until"] | undefined) ?? "deploy" });
  },
};
