import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { MillraceError, notFound } from "../errors.ts";
import { runGit } from "../pipelines/triggers/git/run-git.ts";
import { loadProject } from "../project/load.ts";
import type { Project } from "../project/project.ts";

/** A project as it stood at a commit. */
export interface CommittedProject {
  readonly project: Project;
  readonly commit: string;
  /** Removes the folder that it lies in. */
  readonly remove: () => Promise<void>;
}

/**
 * The project of a file at another commit of its Git repository, checked out into a temporary folder. Where its table is not in the commit (data are seldom
 * kept in Git) it takes that of `here`.
 *
 * @throws `commands.commit_not_found`, `project.file_not_found`, and what `runGit` and `loadProject` throw
 */
export async function projectOfCommit(file: string, reference: string, here: Project): Promise<CommittedProject> {
  const folder = await realpath(dirname(resolve(file)));
  const git = (...args: string[]): Promise<string> => runGit(["-C", folder, ...args]);
  const top = (await git("rev-parse", "--show-toplevel")).trim();
  const commit = await git("rev-parse", "--verify", "--quiet", "--end-of-options", `${reference}^{commit}`).catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.code !== "pipelines.git_failed") throw error;
    throw notFound("commands.commit_not_found", `${JSON.stringify(reference)} is no commit of the repository ${top}; a CI that clones with a depth has to fetch it first`);
  });
  const scratch = await mkdtemp(join(tmpdir(), "millrace-check-"));
  const tree = join(scratch, "tree");
  const remove = async (): Promise<void> => {
    await git("worktree", "remove", "--force", tree).catch(() => undefined);
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    await git("worktree", "add", "--quiet", "--detach", tree, commit.trim());
    const project = await loadProject(join(tree, relative(top, join(folder, basename(file)))), { model: here.model });
    return { project: { ...project, model: here.model, ...(existsSync(project.data.source) ? {} : { data: { ...project.data, source: here.data.source } }) }, commit: commit.trim(), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
