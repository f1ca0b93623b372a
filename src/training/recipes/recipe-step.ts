import { hashOf } from "../../canonical-json.ts";
import type { ProjectCommand } from "../../project/project.ts";
import type { Step } from "../../stage.ts";
import { collectFiles } from "./collect-files.ts";
import { declareEnvironment } from "../environments/declare-environment.ts";
import type { Recipe, RecipeFile } from "./types.ts";

interface RecipeParams {
  readonly command: ProjectCommand;
  /** Absolute paths that are no part of the recipe: the source table. */
  readonly leftOut: readonly string[];
}

/** Takes a project's command and the files it needs into the artifact store, so that it can be run again whatever becomes of the folder. */
export const recipeStep: Step = {
  name: "training.recipe",
  purpose: "Takes the project's command and its files into the artifact store, as a recipe that can be run again",
  version: 2,
  where: "worker",
  // The folder may hold other files each time.
  repeatable: () => false,
  run: async ({ params, blobs, report }) => {
    const { command, leftOut } = params as unknown as RecipeParams;
    const files: RecipeFile[] = [];
    for (const { path, absolute, executable } of await collectFiles(command.folder, command.files, leftOut)) files.push({ path, executable, ...(await blobs.putFile(absolute)) });
    report({ message: `${files.length} files for ${command.run}` });
    const python = command.python === undefined ? undefined : await declareEnvironment(command.python, command.folder, blobs);
    const recipe: Recipe = { run: command.run, files, code: hashOf(files.map(({ path, sha256, executable }) => ({ path, sha256, executable }))), format: command.format, timeout: command.timeout, ...(python && { python }) };
    return recipe;
  },
};
