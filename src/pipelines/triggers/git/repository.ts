import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MillraceError, notFound } from "../../../errors.ts";
import { meantBy } from "./globs.ts";
import { runGit, type GitOptions } from "./run-git.ts";

/** Asking for the branches takes a moment, or something is wrong. */
const askMs = 60_000;

/** The branches of a repository and the commits they stand at. Throws `pipelines.repository_gone` where a path holds none, and what `runGit` does. */
export async function readHeads(repository: string, options: GitOptions = {}): Promise<ReadonlyMap<string, string>> {
  if (repository.startsWith("/") && !existsSync(repository)) throw notFound("pipelines.repository_gone", `The repository ${repository} is not there`);
  const listed = await runGit(["ls-remote", "--heads", "--", repository], { timeout: askMs, ...options });
  return new Map([...listed.matchAll(/^([0-9a-f]{40,64})\trefs\/heads\/(.+)$/gm)].map(([, commit, branch]) => [branch, commit]));
}

export interface Wanted {
  readonly repository: string;
  readonly branch: string;
  readonly commit: string;
  /** The commit that the branch stood at before; null when nobody knows. */
  readonly before: string | null;
  /** Patterns; with any, only a change of such a path counts. */
  readonly paths: readonly string[];
}

/** A commit in a folder of its own, or that none of the wanted paths changed in it. */
export type CheckedOut = { readonly folder: string; readonly subject: string; readonly author: string } | { readonly unchanged: string };

/**
 * Checks a commit out into a folder, which is there whole or not at all: without history, hooks, submodules and questions. Done again, it finds what is there.
 * Without a commit to compare with, every path counts as changed.
 */
export async function checkOut(folder: string, { repository, branch, commit, before, paths }: Wanted, options: GitOptions = {}): Promise<CheckedOut> {
  const git = (...args: string[]): Promise<string> => runGit(["-C", existsSync(part) ? part : folder, ...args], options);
  const part = `${folder}.part`;
  if (!existsSync(folder)) {
    await rm(part, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    try {
      await runGit(["init", "--quiet", "--template=", part], options);
      await fetchCommit(git, repository, branch, commit);
      if (paths.length > 0 && before !== null && (await has(git, repository, before))) {
        const changed = (await git("diff", "--name-only", "--no-renames", "-z", before, commit)).split("\0").filter((path) => path !== "");
        if (!changed.some((path) => meantBy(paths, path))) return { unchanged: `none of the paths ${paths.join(", ")} changed between ${before.slice(0, 7)} and ${commit.slice(0, 7)} (${changed.length} others did)` };
      }
      await git("checkout", "--quiet", "--detach", commit);
      await rename(part, folder);
    } finally {
      await rm(part, { recursive: true, force: true });
    }
  }
  const [subject = "", author = ""] = (await git("log", "-1", "--format=%s%x00%an", commit)).trim().split("\0");
  return { folder, subject, author };
}

type Git = (...args: string[]) => Promise<string>;
const plainly = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"] as const;

/** Old servers give no commit by its name: then it must be one of the branch's newest. */
async function fetchCommit(git: Git, repository: string, branch: string, commit: string): Promise<void> {
  try {
    await git("fetch", ...plainly, "--depth=1", "--", repository, commit);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== "pipelines.git_failed") throw error;
    await git("fetch", ...plainly, "--depth=50", "--", repository, `refs/heads/${branch}`);
    await git("cat-file", "-e", `${commit}^{commit}`).catch(() => Promise.reject(error));
  }
}

/** Whether a commit is, or could be got, here. */
async function has(git: Git, repository: string, commit: string): Promise<boolean> {
  return git("fetch", ...plainly, "--depth=1", "--", repository, commit).then(() => true, (error: unknown) => {
    if (error instanceof MillraceError && error.code === "pipelines.git_failed") return false;
    throw error;
  });
}

/** Where the commits of a home are checked out. */
export const checkoutsOf = (home: string): string => join(home, "checkouts");
