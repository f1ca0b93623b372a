import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { stringify } from "yaml";
import { invalid } from "../../errors.ts";
import { codeVersion } from "../../project/code-version.ts";
import { parseProject } from "../../project/load.ts";
import { completeProject, type Project } from "../../project/project.ts";

/** The algorithm of a project that does not say how its model is made. */
export const untrained = "none";

export interface AdoptionData {
  readonly model: string;
  /** Path of the table. */
  readonly source: string;
  readonly target: string;
  /** The column that says when a row happened; null: none, or what the recipe says. */
  readonly time: string | null;
}

/**
 * The project by which an adopted model is judged, watched and retrained. `recipe`: a project file, whose `model` and `data` may be left out; without one an
 * alarm is told, and nothing is trained.
 *
 * @throws `project.file_not_found` and what is wrong with the file
 */
export async function projectOfAdoption({ model, source, target, time }: AdoptionData, recipe: string | undefined): Promise<Project> {
  const data = { source: resolve(source), target, ...(time !== null && { time }) };
  const path = recipe ?? "adopted";
  const text = recipe === undefined ? "" : await readFile(recipe, "utf8").catch(() => Promise.reject(invalid("project.file_not_found", `There is no recipe ${recipe}; it is a project file (millrace.yaml) with train, and monitor, evaluate or deploy as it likes`)));
  // Behind the text, so that errors say its lines.
  const whole = /^data\s*:/m.test(text) ? text : `${text}\n${stringify({ data })}`;
  const parsed = parseProject(whole, path);
  const folder = recipe === undefined ? process.cwd() : dirname(resolve(recipe));
  const project = completeProject(parsed, { model, folder, source: data.source, code: await codeVersion(folder) });
  const own: Project = { ...project, model, data: { ...project.data, source: data.source, target, ...(time !== null && { time: { column: time, hour: null } }) } };
  return recipe === undefined ? { ...own, train: { ...own.train, algorithm: untrained, refit: false }, retrain: { ...own.retrain, on: ["performance", "drift"] } } : own;
}

