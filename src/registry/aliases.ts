import { invalid, notFound } from "../errors.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { Database } from "../storage/database.ts";
import { lock } from "../storage/transactions.ts";
import { recordMove } from "./alias-moves.ts";
import { checkPolicy, type Requirement } from "./alias-policy.ts";
import { audit, findModel, modelRow, promptDetail } from "./models.ts";
import { registryTables } from "./store.ts";
import type { ModelVersion } from "./types.ts";
import { readVersion, versionRow } from "./versions.ts";

export interface AliasChange {
  readonly model: string;
  readonly alias: string;
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
}

/** Says what versions must show before this alias may point at them; nothing takes the policy away. Audited. */
export async function setAliasPolicy(transaction: Database, change: AliasChange, requires: readonly Requirement[]): Promise<void> {
  checkAlias(change.alias);
  const { id } = await modelRow(transaction, change.model);
  const tables = registryTables(transaction);
  await tables.deleteFrom("alias_policies").where("model_id", "=", id).where("alias", "=", change.alias).execute();
  if (requires.length > 0) await tables.insertInto("alias_policies").values({ model_id: id, alias: change.alias, requires: JSON.stringify(requires) }).execute();
  await audit(transaction, change.model, change, "registry.alias_policy_set", { alias: change.alias, requires });
}

/** Throws `registry.bad_alias`: what reads as a version or as MLflow's `latest` is no alias. */
export function checkAlias(alias: string): void {
  if (alias === "") throw invalid("registry.bad_alias", "Registered model alias name cannot be empty.");
  if (!/^[\p{L}\p{N}_-]{1,255}$/u.test(alias)) {
    if (alias.length > 255) throw invalid("registry.bad_alias", `An alias may have 255 characters; this one has ${alias.length}`);
    throw invalid("registry.bad_alias", `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`);
  }
  if (alias.toLowerCase() === "latest") throw invalid("registry.bad_alias", "'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalid("registry.bad_alias", `Version alias name '${alias}' is reserved.`);
}

/**
 * Points an alias at a version; audited, and nothing when it points there already. Call it in the transaction of what goes with it.
 * Throws `registry.policy` when the model's policy for the alias asks for something the version does not show.
 */
export async function moveAlias(transaction: Database, change: AliasChange & { readonly version: number; readonly kind?: "moved" | "rolled_back" }, blobs?: BlobStore): Promise<void> {
  const { model, alias, version, kind = "moved" } = change;
  checkAlias(alias);
  await lock(transaction, `registry.model ${model}`);
  const { modelId } = await versionRow(transaction, model, version);
  const tables = registryTables(transaction);
  const before = await tables.selectFrom("model_aliases").select("version").where("model_id", "=", modelId).where("alias", "=", alias).executeTakeFirst();
  await checkPolicy(transaction, { model, alias, version, current: before?.version }, blobs);
  if (before?.version === version) return;
  await tables
    .insertInto("model_aliases")
    .values({ model_id: modelId, alias, version, moved_at: change.time })
    .onConflict((conflicting) => conflicting.columns(["model_id", "alias"]).doUpdateSet({ version, moved_at: change.time }))
    .execute();
  await recordMove(transaction, modelId, { ...change, kind });
  await audit(transaction, change.model, change, "registry.alias_moved", { alias, from: before?.version ?? null, to: version, ...(kind === "rolled_back" ? { rollback: true } : {}), ...(await promptDetail(transaction, modelId)) });
}

/** Takes an alias away; audited, and nothing when it is not there. Call it in the transaction of what goes with it. */
export async function removeAlias(transaction: Database, change: AliasChange): Promise<void> {
  const { id } = await modelRow(transaction, change.model);
  const removed = await registryTables(transaction).deleteFrom("model_aliases").where("model_id", "=", id).where("alias", "=", change.alias).returning("version").executeTakeFirst();
  if (!removed) return;
  await recordMove(transaction, id, { ...change, kind: "removed", version: null });
  await audit(transaction, change.model, change, "registry.alias_removed", { alias: change.alias, from: removed.version, ...(await promptDetail(transaction, id)) });
}

/** The version an alias points at, if the model and the alias exist. */
export async function resolveAlias(db: Database, model: string, alias: string): Promise<ModelVersion | undefined> {
  const known = await findModel(db, model);
  if (!known) return undefined;
  const row = await registryTables(db).selectFrom("model_aliases").select("version").where("model_id", "=", known.id).where("alias", "=", alias).executeTakeFirst();
  return row ? readVersion(db, model, row.version) : undefined;
}

/** Says that `holder` (a deployment) uses these versions of a model now, and no others: they are neither deleted nor collected. */
export async function holdVersions(transaction: Database, model: string, holder: string, versions: readonly number[]): Promise<void> {
  const known = await findModel(transaction, model);
  if (!known) throw notFound("registry.model_not_found", `Registered Model with name=${model} not found`);
  const tables = registryTables(transaction);
  await tables.deleteFrom("version_holds").where("model_id", "=", known.id).where("holder", "=", holder).execute();
  const rows = [...new Set(versions)].map((version) => ({ model_id: known.id, version, holder }));
  if (rows.length > 0) await tables.insertInto("version_holds").values(rows).execute();
}

/** Who uses which versions of a model: holder → versions. */
export async function readHolds(db: Database, model: string): Promise<Readonly<Record<string, readonly number[]>>> {
  const { id } = await modelRow(db, model);
  const rows = await registryTables(db).selectFrom("version_holds").select(["holder", "version"]).where("model_id", "=", id).orderBy("holder").orderBy("version").execute();
  return Object.fromEntries([...Map.groupBy(rows, ({ holder }) => holder)].map(([holder, held]) => [holder, held.map(({ version }) => version)]));
}
