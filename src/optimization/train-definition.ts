import type { GateVerdict } from "../evaluation/gate.ts";
import type { Project } from "../project/project.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { trained } from "../registry/versions.ts";
import { stepOutput, type PipelineDefinition } from "../stage.ts";
import { requireRecipeKey } from "../training/recipes/recipe-key.ts";
import { firstRunPipeline, type Why } from "./training-pipeline.ts";

/** Whether a command trains the project's model: whoever starts that shows the key of the home. */
export const hasCommand = ({ train }: Project): boolean => train?.command !== undefined || train?.algorithm === "run";

/** The path of a project, as `millrace run` walks it, for whatever starts it by itself. Parameters: `project`, `until` where it ends early, and `commits` where later commits of the project are run, whatever commands they have. */
export const trainDefinition: PipelineDefinition = {
  name: "optimization.train",
  purpose: "The path of a project from its table to a model that serves, judged against the champion there is when it starts",
  allow: async (house, params, key) => {
    const project = params["project"] as unknown as Project;
    // Of commits that are to come nobody knows what they run.
    if (params["commits"] === true || hasCommand(project)) await requireRecipeKey(house.settings.home, key);
  },
  verdict: (run) => {
    const { state, reason } = run;
    const checks = stepOutput<GateVerdict>(run, "gate")?.checks.map((check) => check.reason) ?? [];
    const { version } = stepOutput<{ version: number }>(run, "register") ?? {};
    if (state !== "succeeded") return reason ?? state;
    return [version === undefined ? "the gate lets it pass" : stepOutput(run, "deploy") ? `version ${version} is deployed` : `version ${version} is registered`, ...checks].join("; ");
  },
  make: async (house, params, why) => {
    const project = params["project"] as unknown as Project;
    const champion = await resolveAlias(house.db, project.model, "champion");
    return firstRunPipeline(project, champion && trained(champion), { ...why, until: (params["until"] as Why["until"] | undefined) ?? "deploy" });
  },
};
