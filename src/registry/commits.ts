import { conflict, invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { readMoves } from "./alias-moves.ts";
import { codesOf } from "./evidence.ts";
import type { ModelVersion } from "./types.ts";
import { listVersions, versionRow } from "./versions.ts";

/** A version, and what is known of the code that it was made by. */
export interface MadeBy {
  readonly version: ModelVersion;
  readonly code: { readonly commit: string; readonly dirty: boolean | null };
}

/**
 * The version that was made by a commit; of several that which was the champion last, else the newest.
 *
 * @param asked the commit, or at least four of its first digits
 * @throws `registry.commit_invalid`, `registry.commit_unknown` with the commits that are known, `registry.commit_ambiguous`, `registry.model_not_found`
 */
export async function versionOfCommit(db: Database, model: string, asked: string): Promise<MadeBy> {
  if (!/^[0-9a-f]{4,64}$/i.test(asked)) throw invalid("registry.commit_invalid", `${JSON.stringify(asked)} is no commit: give its hex digits, four of them at least`);
  const versions = await listVersions(db, model);
  if (versions.length === 0) throw notFound("registry.model_not_found", `There is no version of a model ${JSON.stringify(model)}`);
  const codes = await codesOf({ db }, versions);
  const known = versions.flatMap((version, at): MadeBy[] => {
    const { commit = null, dirty = null } = codes[at] ?? {};
    return commit === null ? [] : [{ version, code: { commit, dirty } }];
  });
  const found = known.filter(({ code }) => code.commit.toLowerCase().startsWith(asked.toLowerCase()));
  const commits = (some: readonly MadeBy[]): string[] => [...new Set(some.map(({ code }) => code.commit))];
  if (found.length === 0) {
    const others = commits(known).slice(0, 10).map((commit) => `${commit.slice(0, 12)} (version ${known.filter(({ code }) => code.commit === commit).map(({ version }) => version.version).join(", ")})`);
    throw notFound("registry.commit_unknown", `No version of ${model} was made by commit ${asked}; ${others.length === 0 ? "none of its versions says by which commit it was made" : `known: ${others.join(", ")}`}`);
  }
  if (commits(found).length > 1) throw conflict("registry.commit_ambiguous", `${asked} begins several commits: ${commits(found).join(", ")}; give more digits`);
  const moves = await readMoves(db, (await versionRow(db, model, found[0].version.version)).modelId, "champion");
  const last = moves.toSorted((a, b) => b.time - a.time).find(({ version }) => found.some((one) => one.version.version === version));
  return found.find(({ version }) => version.version === last?.version) ?? found[0];
}
