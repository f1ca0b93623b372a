import type { Recipe } from "../recipes/types.ts";
import type { TrainedIn } from "./types.ts";

/** The Python that a recipe's command ran in; undefined where the project declares none. */
export const trainedInOf = (recipe: Recipe | undefined): TrainedIn | undefined => recipe?.python?.made;

/** It in a few words: `3.11.7, requirements.txt`. Empty where the project declares none. */
export function environmentText(recipe: Recipe | undefined): string {
  const made = trainedInOf(recipe);
  return made === undefined ? "" : `${made.version}, ${recipe!.python!.declared}`;
}

/** Packages and their versions, Python's own among them. */
export function packageVersions(recipe: Recipe | undefined): Record<string, string> {
  const made = trainedInOf(recipe);
  if (made === undefined) return {};
  return { python: made.version, "python.platform": made.platform, ...Object.fromEntries(made.packages.map((one) => one.split("==") as [string, string])) };
}

/** The list as a file of pip's requirements, by which anybody makes it again. */
export const frozenList = ({ version, platform, packages }: TrainedIn): string => `# Python ${version}, ${platform}\n${packages.join("\n")}\n`;
