import { stat } from "node:fs/promises";
import { join } from "node:path";
import { invalid, MillraceError } from "../../../errors.ts";
import { loadProject } from "../../../project/load.ts";
import type { Project } from "../../../project/project.ts";
import type { House, JsonObject } from "../../../stage.ts";
import { commitHasRun, setDetails } from "../firings.ts";
import type { Firing, Trigger } from "../types.ts";
import type { GitOn } from "./git-source.ts";
import { meantBy } from "./globs.ts";
import { checkOut, checkoutsOf, readHeads } from "./repository.ts";
import type { GitOptions } from "./run-git.ts";

/** The project of a commit, checked out in a folder of its own, and what is known of the commit; or why the firing comes to nothing. */
export type CommitProject = { readonly project: Project; readonly details: JsonObject } | { readonly skip: string };

/**
 * What a firing trains: the commit at which its branch stands now. What moved on since the firing was asked for is what is trained, and a commit that has run already is not run again
 * unless somebody asks. Throws where the repository cannot be read, and where the commit has no project of this model.
 */
export async function commitProject(house: House, trigger: Trigger, on: GitOn, firing: Firing, options: GitOptions): Promise<CommitProject> {
  const heads = await readHeads(on.repository, options);
  const asked = firing.details["branch"];
  const branch = typeof asked === "string" ? asked : on.branches.flatMap((pattern) => [...heads.keys()].filter((one) => meantBy([pattern], one)))[0];
  if (branch === undefined) return { skip: `${on.repository} has no branch that is called ${on.branches.join(" or ")}` };
  const commit = heads.get(branch);
  if (commit === undefined) return { skip: `the branch ${branch} is gone` };
  const earlier = firing.cause === "asked" ? undefined : await commitHasRun(house.db, trigger.name, branch, commit);
  if (earlier !== undefined) return { skip: `${branch} stands at ${commit.slice(0, 7)}, which has run as ${earlier}; \`millrace triggers fire\` runs it again` };
  const before = (firing.details["before"] as string | null | undefined) ?? null;
  // Whoever asks means the commit, not a change.
  const found = await checkOut(join(checkoutsOf(house.settings.home), firing.id), { repository: on.repository, branch, commit, before, paths: firing.cause === "asked" ? [] : on.paths }, options);
  if ("unchanged" in found) return { skip: found.unchanged };
  const { folder, subject, author } = found;
  const details = { branch, commit, before, subject, author };
  // Known before its project is read, which may be wrong.
  await setDetails(house.db, firing.id, details);
  return { project: await projectIn(folder, commit, trigger, on), details };
}

async function projectIn(folder: string, commit: string, trigger: Trigger, on: GitOn): Promise<Project> {
  const short = commit.slice(0, 7);
  const project = await loadProject(join(folder, on.project), { model: trigger.model }).catch((error: unknown) => {
    if (!(error instanceof MillraceError)) throw error;
    throw new MillraceError(error.code, error.status, error.message.replaceAll(`${folder}/`, `${short}:`), { details: { commit } });
  });
  if (project.model !== trigger.model) throw invalid("pipelines.other_model", `${short}:${on.project} is of the model ${project.model}, and the trigger is of ${trigger.model}`);
  const { triggers: _own, ...rest } = project;
  if (on.data === "here") return { ...rest, data: { ...rest.data, source: (trigger.params["project"] as unknown as Project).data.source } };
  const there = await stat(project.data.source).catch(() => undefined);
  if (!there) throw invalid("pipelines.no_data_in_commit", `The table ${project.data.source.replace(`${folder}/`, "")} is not in the commit ${short}; with git.data: here the trigger takes that of the project that set it`);
  return rest;
}
