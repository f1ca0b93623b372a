import { client } from "../http/client.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";
import type { TriggerView } from "../pipelines/triggers/describe-trigger.ts";
import type { Project } from "../project/project.ts";
import { readRecipeKey } from "../training/recipes/recipe-key.ts";

/** Sets the triggers of a project on the server of a home, in place of those its model had; answers with them. */
export async function sendTriggers(url: string, home: string, project: Project, folder: string): Promise<readonly TriggerView[]> {
  const key = await readRecipeKey(home);
  const { triggers } = await client<PipelineRoutes>(url, "pipelines")("PUT /triggers", { body: { project, folder, ...(key === undefined ? {} : { recipe_key: key }) } });
  return triggers;
}
