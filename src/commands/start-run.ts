import { client } from "../http/client.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import type { Project } from "../project/project.ts";
import { readRecipeKey } from "../training/recipes/recipe-key.ts";

/** Starts a project's path on the server of a home, with the key that a command of the project takes; answers with the run's id. `more`: how far it is walked, and the run whose model is compared with. */
export async function startRun(url: string, home: string, project: Project, id?: string, more: { readonly until?: "gate"; readonly base?: string } = {}): Promise<string> {
  const key = project.train.command ? await readRecipeKey(home) : undefined;
  const { run } = await client<OptimizationRoutes>(url, "optimization")("POST /runs", { body: { project, ...(id === undefined ? {} : { id }), ...(key === undefined ? {} : { recipe_key: key }), ...more } });
  return run;
}
