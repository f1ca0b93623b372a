import type { Project } from "../../project/project.ts";
import type { ClientVersion } from "../../registry/types.ts";
import type { PipelineSpec, PipelineStep } from "../../stage.ts";
import type { Artifact } from "../../tracking/types.ts";
import { json } from "../known-version.ts";
import { firstRunPipeline } from "../training-pipeline.ts";

/** A version that a client registered, and what it takes to ask it. */
export interface Adoptable {
  readonly version: ClientVersion;
  readonly files: readonly Artifact[];
  /** The interpreter that loads it, where it takes one. */
  readonly interpreter: string | null;
}

/**
 * The path of a project with a client's model in the place of a training: judged by the rules of the gate on rows of the project's table, registered as the next
 * version with what is now known of it, deployed and watched. The recipe of the project, where it has one, goes with the version: retrainings begin with it.
 */
export function adoptionPipeline(project: Project, { version, files, interpreter }: Adoptable, actor: string): PipelineSpec {
  const from = `models:/${version.model}/${version.version}`;
  // Nothing is trained: neither on all rows, nor by a command that would log to a run.
  const spec = firstRunPipeline({ ...project, train: { ...project.train, refit: false } }, undefined, { trigger: `adopted: ${from}`, actor, until: "deploy" });
  const steps = spec.steps.flatMap((step): PipelineStep[] => {
    if (step.id === "begin") return [];
    const needs = Object.fromEntries(Object.entries(step.needs).filter(([name]) => name !== "begun"));
    if (step.id === "deploy") return [{ ...step, params: json({ project }) }];
    if (step.id !== "train") return [{ ...step, needs }];
    const { holdout, time } = step.params;
    return [{ id: step.id, step: "training.adopt", params: json({ from, files: files.map(({ path, sha256 }) => ({ path, sha256 })), interpreter, holdout, time }), needs }];
  });
  return { ...spec, name: "adopt", steps };
}
