import { notFound } from "../errors.ts";
import { moveAlias, resolveAlias } from "../registry/aliases.ts";
import { versionOfCommit } from "../registry/commits.ts";
import { deploy, readDeployment } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { endCanary } from "./canary.ts";
import { latestRollout, latestTick } from "./store.ts";

/** What a rollback to a commit did. */
export interface CommitRollback {
  readonly version: number;
  /** As the version has it, 40 hex digits of most. */
  readonly commit: string;
  /** Whether something was not committed when the version was made; null when nobody said. */
  readonly dirty: boolean | null;
  /** The version that was the champion before; null where none was. */
  readonly before: number | null;
  /** False: it answered alone already. */
  readonly changed: boolean;
}

/**
 * Gives a model's endpoint back to the version that was made by a commit: all traffic, the alias `champion`, the end of a canary, in one change. The loop
 * goes on from there.
 *
 * @param commit the commit, or at least four of its first digits
 * @throws what `versionOfCommit` does, and `serving.deployment_not_found`
 */
export async function rollBackToCommit(house: House, { model, commit, actor, reason }: { model: string; commit: string; actor: string; reason: string }): Promise<CommitRollback> {
  const { version, code } = await versionOfCommit(house.db, model, commit);
  const champion = (await resolveAlias(house.db, model, "champion"))?.version ?? null;
  const now = await readDeployment(house, model);
  if (!now) throw notFound("serving.deployment_not_found", `There is no deployment ${JSON.stringify(model)} to roll back`);
  const found = { version: version.version, commit: code.commit, dirty: code.dirty, before: champion };
  const [only] = now.variants;
  if (champion === found.version && now.variants.length === 1 && only.version === found.version) return { ...found, changed: false };
  const rollout = await latestRollout(house.db, model);
  const time = house.clock.now();
  // A loop that is replayed has a time of its own.
  const loopTime = Math.max(rollout?.startedAt ?? 0, (await latestTick(house.db, model))?.time ?? time);
  await deploy(house, { endpoint: model, salt: now.salt, variants: [{ name: "champion", version: found.version, weight: 1, shadow: false }], time, actor, reason }, async (transaction) => {
    if (rollout?.state === "canary") await endCanary(transaction, rollout, loopTime, `${actor} rolled ${model} back to version ${found.version}: ${reason}`);
    if (champion !== found.version) await moveAlias(transaction, { model, alias: "champion", version: found.version, kind: "rolled_back", time, actor, reason }, house.blobs);
  });
  return { ...found, changed: true };
}
