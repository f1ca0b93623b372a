import type { Command } from "../cli/command.ts";
import { resolveSettings } from "../config.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import { projectOfAdoption } from "../optimization/adoption/project-of-adoption.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import { readReference } from "../registry/version-reference.ts";
import { readRecipeKey } from "../training/recipes/recipe-key.ts";
import { followRun } from "./follow-run.ts";
import { outputLine, runResult, stepLine } from "./walk-project.ts";

/** `millrace adopt`: the path of a project with a client's model in the place of a training. */
export const adoptModelCommand: Command["run"] = async ({ server, settings, say, signal }, [text = ""], options) => {
  const { data: source, target, time, recipe, python } = options;
  if (typeof source !== "string" || typeof target !== "string") throw invalid("cli.usage", "Say by which rows the model is judged, with --data FILE, and what it predicts, with --target COLUMN");
  const { model, ...which } = readReference(text);
  const project = await projectOfAdoption({ model, source, target, time: typeof time === "string" ? time : null }, typeof recipe === "string" ? recipe : undefined);
  const url = await server();
  const key = await readRecipeKey(resolveSettings(settings, process.env).home);
  const { run: id, version } = await client<OptimizationRoutes>(url, "optimization")("POST /models/:model/adopt", {
    params: { model },
    body: { project, ...which, ...(typeof python === "string" && { python }), ...(key !== undefined && { recipe_key: key }) },
  });
  const run = await followRun(url, id, (step) => say(stepLine(step)), signal, (line) => say(outputLine(line)));
  const { data, text: said, exitCode } = runResult(run);
  const loop = typeof recipe === "string" ? "its loop retrains it" : "an alarm is told (`optimization.retraining_wanted`), and nothing is trained: there is no recipe";
  return { data: { ...data, adopted: version }, text: data.version === null ? said : `${said}\nversion ${data.version} is version ${version} as it was registered, with what is known of it now; it is watched, and ${loop}`, exitCode };
};
