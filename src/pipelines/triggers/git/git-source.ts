import type { TriggerOn } from "../../../project/triggers.ts";
import type { JsonObject } from "../../../stage.ts";
import type { Look, Occurrence } from "../types.ts";
import { meantBy } from "./globs.ts";
import { readHeads } from "./repository.ts";
import type { GitOptions } from "./run-git.ts";

export type GitOn = Extract<TriggerOn, { readonly kind: "git" }>;

/** The commits at which the branches were seen last. */
export const branchesOf = (cursor: JsonObject): Readonly<Record<string, string>> => (cursor["branches"] as Record<string, string> | undefined) ?? {};

/** The branches as they stand when the trigger is set. One whose repository cannot be read is refused. */
export async function gitBegins(on: GitOn): Promise<JsonObject> {
  if (on.every === null) return { branches: {} };
  const heads = await readHeads(on.repository);
  return { branches: Object.fromEntries([...heads].filter(([branch]) => meantBy(on.branches, branch))) };
}

/** Which branches have moved since the last look. */
export async function lookAtGit(on: GitOn, cursor: JsonObject, now: number, options: GitOptions): Promise<Look> {
  if (on.every === null) return { occurrences: [], cursor };
  const known = branchesOf(cursor);
  const heads = [...(await readHeads(on.repository, options))].filter(([branch]) => meantBy(on.branches, branch));
  const moved = heads.filter(([branch, commit]) => known[branch] !== commit);
  if (moved.length === 0 && heads.length === Object.keys(known).length) return { occurrences: [], cursor };
  return { occurrences: moved.map(([branch, commit]) => moveOf(branch, commit, known[branch] ?? null, now)), cursor: { branches: Object.fromEntries(heads) } };
}

/** A branch that stands at another commit. */
export function moveOf(branch: string, commit: string, before: string | null, now: number): Occurrence {
  const from = before === null ? "which is new" : `from ${before.slice(0, 7)}`;
  return { cause: "git", key: `git ${branch} ${commit} ${now}`, lane: `git ${branch}`, why: `${branch} moved to ${commit.slice(0, 7)}, ${from}`, details: { branch, commit, before } };
}
