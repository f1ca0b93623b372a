import { conflict, invalid } from "../../errors.ts";
import { openTable } from "../../data/sources/table-blocks.ts";
import { columnNotFound } from "../../data/column-names.ts";
import type { Project } from "../../project/project.ts";
import { readMlModel } from "../../registry/mlmodel.ts";
import type { VersionReference } from "../../registry/version-reference.ts";
import { readSmallFile } from "../../registry/version-files.ts";
import type { House } from "../../stage.ts";
import { filesHere } from "../../serving/place-model.ts";
import { findVersion } from "../../serving/batch/place-version.ts";
import { adoptionPipeline, type Adoptable } from "./adoption-pipeline.ts";

/**
 * Starts the adoption of a version that a client registered; answers with the pipeline run.
 *
 * @throws `optimization.already_known` for a version that was trained or adopted here, `serving.files_elsewhere`, `data.column_not_found`, and the codes of
 * `findVersion` and `openTable`
 */
export async function adoptVersion(house: House, reference: VersionReference, asked: { readonly project: Project; readonly python: string | null; readonly actor: string }): Promise<{ readonly run: string; readonly version: number }> {
  const version = await findVersion(house, reference);
  const named = `Version ${version.version} of ${version.model}`;
  if (version.origin === "trained") throw conflict("optimization.already_known", `${named} was trained or adopted here: it has its evaluation, and is watched where it is deployed`);
  const adoptable: Adoptable = { version, files: await filesHere(house, version), interpreter: asked.python ?? house.settings.python };
  const run = `${version.model}-adopt-${version.version}-${house.newId()}`;
  await house.pipelines.start(run, adoptionPipeline(await projectFor(house, asked.project, adoptable), adoptable, asked.actor));
  return { run, version: version.version };
}

/** The project with the columns of its table that the model takes as the features; all of them where the model names none. */
async function projectFor(house: House, project: Project, { files }: Adoptable): Promise<Project> {
  const { names } = await openTable(project.data.source);
  const { target, time } = project.data;
  if (!names.includes(target)) throw columnNotFound(target, names, "target");
  const text = await readSmallFile(house, files, "MLmodel");
  const taken = (text === undefined ? undefined : readMlModel(text).format?.signature?.inputs)?.filter(({ name }) => name !== "");
  const tensors = taken?.some(({ type }) => type.startsWith("tensor")) ?? true;
  const others = names.filter((name) => name !== target);
  if (!taken || taken.length === 0 || tensors) return { ...project, data: { ...project.data, keep: others.filter((name) => !project.data.exclude.includes(name) && name !== time?.column) }, validate: { ...project.validate, leakage: "ignore" } };
  const missing = taken.filter(({ name, required }) => required && !names.includes(name)).map(({ name }) => name);
  if (missing.length > 0) throw invalid("optimization.columns_missing", `The model takes the columns ${missing.join(", ")}, and the table has ${names.join(", ")}`, { missing });
  const keep = others.filter((name) => taken.some((input) => input.name === name));
  return { ...project, data: { ...project.data, keep, exclude: others.filter((name) => !keep.includes(name)) }, validate: { ...project.validate, leakage: "ignore" } };
}
