import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { moveAlias } from "./aliases.ts";
import { audit, createModel, findModel, modelRow, type Change } from "./models.ts";
import { registryTables } from "./store.ts";
import type { ClientVersion, RegisteredModel } from "./types.ts";

export interface ImportedModel extends Omit<RegisteredModel, "latestVersion"> {
  /** The number given last, to a deleted version perhaps: it is not given again. */
  readonly lastVersion: number;
  readonly versions: readonly Omit<ClientVersion, "origin" | "model" | "aliases" | "trigger">[];
}

export interface ModelImport {
  readonly created: boolean;
  /** Numbers of the versions that were added, and of those that were there already with the same content. */
  readonly added: readonly number[];
  readonly same: readonly number[];
  /** What was there already and is different: it is left as it is. */
  readonly differing: readonly string[];
}

/**
 * Writes a registered model with its versions' numbers and times; call it in a transaction. A model of this name that is there gets what
 * it does not have. Throws `registry.bad_model_name`, `registry.policy`.
 */
export async function importModel(transaction: Database, model: ImportedModel, change: Change): Promise<ModelImport> {
  const tables = registryTables(transaction);
  const created = (await findModel(transaction, model.name)) === undefined;
  if (created) await createModel(transaction, { ...change, name: model.name, description: model.description ?? undefined });
  const row = await modelRow(transaction, model.name);
  const times = created ? { created_at: model.createdAt, updated_at: model.updatedAt } : {};
  await tables.updateTable("registered_models").set({ ...times, last_version: Math.max(row.last_version, model.lastVersion) }).where("id", "=", row.id).execute();
  await insertRows(transaction, "registered_model_tags", ["model_id", "key", "value"], Object.entries(model.tags).map(([key, value]) => [row.id, key, value]), "on conflict do nothing");
  const found: { added: number[]; same: number[]; differing: string[] } = { added: [], same: [], differing: [] };
  if (!created && (row.description ?? "") !== (model.description ?? "")) found.differing.push("its description");
  const known = new Map((await tables.selectFrom("model_versions").selectAll().where("model_id", "=", row.id).execute()).map((version) => [version.version, version]));
  for (const version of model.versions) {
    const there = known.get(version.version);
    if (there) {
      const same = there.created_at === version.createdAt && there.source === version.source && there.run_id === version.runId;
      if (same) found.same.push(version.version);
      else found.differing.push(`version ${version.version}`);
      continue;
    }
    await insertVersion(transaction, row.id, model.name, version, change);
    found.added.push(version.version);
  }
  for (const [alias, version] of Object.entries(model.aliases)) {
    const there = await tables.selectFrom("model_aliases").select("version").where("model_id", "=", row.id).where("alias", "=", alias).executeTakeFirst();
    if (there && there.version !== version) found.differing.push(`the alias ${alias}, which points at version ${there.version}`);
    else if (found.added.includes(version) || found.same.includes(version)) await moveAlias(transaction, { ...change, reason: change.reason ?? "", model: model.name, alias, version });
  }
  return { created, ...found };
}

async function insertVersion(transaction: Database, modelId: number, model: string, version: ImportedModel["versions"][number], change: Change): Promise<void> {
  await registryTables(transaction)
    .insertInto("model_versions")
    .values({
      model_id: modelId,
      version: version.version,
      created_at: version.createdAt,
      updated_at: version.updatedAt,
      created_by: version.createdBy,
      deleted_at: null,
      description: version.description,
      stage: version.stage,
      source: version.source,
      storage: version.storage,
      run_id: version.runId,
      run_link: version.runLink,
      logged_model_id: version.loggedModelId,
      reason: change.reason ?? "imported",
      pipeline_run_id: null,
      dataset_version: null,
      artifact_sha256: null,
      artifact_size: null,
      document: null,
    })
    .execute();
  await insertRows(transaction, "model_version_tags", ["model_id", "version", "key", "value"], Object.entries(version.tags).map(([key, value]) => [modelId, version.version, key, value]));
  const details = { version: version.version, source: version.source, runId: version.runId, stage: version.stage };
  await audit(transaction, model, change, "registry.version_registered", details);
}
