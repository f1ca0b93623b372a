import { notFound } from "../errors.ts";
import { appendAudit } from "../storage/audit.ts";
import type { Database } from "../storage/database.ts";
import { lock, transact } from "../storage/transactions.ts";
import { insertLineage } from "../tracking/tracking.ts";
import { registryTables } from "./store.ts";
import type { ModelVersion, RegisteredModel } from "./types.ts";

export type NewModelVersion = Omit<ModelVersion, "version" | "aliases">;

/**
 * Adds the next version of a model (and the model itself when it is new), with its lineage and an audit entry, in one transaction.
 * A pipeline run has one version: registering again for the same run returns the version that is there.
 */
export async function registerVersion(db: Database, input: NewModelVersion): Promise<ModelVersion> {
  const version = await transact(db, async (untyped) => {
    // Whoever gives the next number waits for the one before.
    await lock(untyped, `registry.model ${input.model}`);
    const transaction = registryTables(untyped);
    await transaction
      .insertInto("registered_models")
      .values({ name: input.model, created_at: input.createdAt })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const existing = await transaction
      .selectFrom("model_versions")
      .select("version")
      .where("model", "=", input.model)
      .where("pipeline_run_id", "=", input.pipelineRunId)
      .executeTakeFirst();
    if (existing) return existing.version;
    const last = await transaction
      .selectFrom("model_versions")
      .select(({ fn }) => fn.max("version").as("version"))
      .where("model", "=", input.model)
      .executeTakeFirst();
    const next = (last?.version ?? 0) + 1;
    const { model, createdAt, createdBy, runId, pipelineRunId, datasetVersion, artifact, ...document } = input;
    await transaction
      .insertInto("model_versions")
      .values({
        model,
        version: next,
        created_at: createdAt,
        created_by: createdBy,
        run_id: runId,
        pipeline_run_id: pipelineRunId,
        dataset_version: datasetVersion,
        artifact_sha256: artifact.sha256,
        artifact_size: artifact.size,
        document: JSON.stringify(document),
      })
      .execute();
    const id = `${model}/${next}`;
    await insertLineage(untyped, [
      { from: { kind: "run", id: runId }, to: { kind: "model_version", id }, role: "produced" },
      { from: { kind: "pipeline_run", id: pipelineRunId }, to: { kind: "model_version", id }, role: "produced" },
    ]);
    await appendAudit(untyped, {
      time: createdAt,
      actor: createdBy,
      action: "registry.version_registered",
      object: `model/${model}`,
      reason: input.trigger,
      details: { version: next, artifact: artifact.sha256, datasetVersion },
    });
    return next;
  });
  return readVersion(db, input.model, version);
}

/** Points an alias at a version; audited, and nothing when it points there already. Call it in the transaction of what goes with it. */
export async function moveAlias(
  transaction: Database,
  change: { model: string; alias: string; version: number; time: number; actor: string; reason: string },
): Promise<void> {
  await lock(transaction, `registry.model ${change.model}`);
  await readVersion(transaction, change.model, change.version);
  const tables = registryTables(transaction);
  const before = await tables
    .selectFrom("model_aliases")
    .select("version")
    .where("model", "=", change.model)
    .where("alias", "=", change.alias)
    .executeTakeFirst();
  if (before?.version === change.version) return;
  await tables
    .insertInto("model_aliases")
    .values({ model: change.model, alias: change.alias, version: change.version, moved_at: change.time })
    .onConflict((conflict) => conflict.columns(["model", "alias"]).doUpdateSet({ version: change.version, moved_at: change.time }))
    .execute();
  await appendAudit(transaction, {
    time: change.time,
    actor: change.actor,
    action: "registry.alias_moved",
    object: `model/${change.model}`,
    reason: change.reason,
    details: { alias: change.alias, from: before?.version ?? null, to: change.version },
  });
}

/** Takes an alias away; audited, and nothing when it is not there. Call it in the transaction of what goes with it. */
export async function removeAlias(transaction: Database, change: { model: string; alias: string; time: number; actor: string; reason: string }): Promise<void> {
  const removed = await registryTables(transaction)
    .deleteFrom("model_aliases")
    .where("model", "=", change.model)
    .where("alias", "=", change.alias)
    .returning("version")
    .executeTakeFirst();
  if (!removed) return;
  await appendAudit(transaction, {
    time: change.time,
    actor: change.actor,
    action: "registry.alias_removed",
    object: `model/${change.model}`,
    reason: change.reason,
    details: { alias: change.alias, from: removed.version },
  });
}

export async function listModels(db: Database): Promise<RegisteredModel[]> {
  const tables = registryTables(db);
  const models = await tables.selectFrom("registered_models").selectAll().orderBy("name").execute();
  const latest = await tables
    .selectFrom("model_versions")
    .select(({ fn }) => ["model", fn.max("version").as("version")])
    .groupBy("model")
    .execute();
  const aliases = await tables.selectFrom("model_aliases").selectAll().orderBy("alias").execute();
  return models.map((model) => ({
    name: model.name,
    createdAt: model.created_at,
    aliases: Object.fromEntries(aliases.filter((row) => row.model === model.name).map((row) => [row.alias, row.version])),
    latestVersion: latest.find((row) => row.model === model.name)?.version ?? 0,
  }));
}

/** The newest versions first; only one when its number is given. */
export async function listVersions(db: Database, model: string, filter: { version?: number; limit?: number } = {}): Promise<ModelVersion[]> {
  const tables = registryTables(db);
  let query = tables.selectFrom("model_versions").selectAll().where("model", "=", model).orderBy("version", "desc").limit(filter.limit ?? 500);
  if (filter.version !== undefined) query = query.where("version", "=", filter.version);
  const rows = await query.execute();
  const aliases = await tables.selectFrom("model_aliases").selectAll().where("model", "=", model).orderBy("alias").execute();
  return rows.map((row) => ({
    ...(JSON.parse(row.document) as Pick<ModelVersion, "algorithm" | "training" | "params" | "importances" | "signature" | "metrics" | "gate" | "environment" | "trigger">),
    model: row.model,
    version: row.version,
    createdAt: row.created_at,
    createdBy: row.created_by,
    runId: row.run_id,
    pipelineRunId: row.pipeline_run_id,
    datasetVersion: row.dataset_version,
    artifact: { sha256: row.artifact_sha256, size: row.artifact_size },
    aliases: aliases.filter((alias) => alias.version === row.version).map((alias) => alias.alias),
  }));
}

export async function readVersion(db: Database, model: string, version: number): Promise<ModelVersion> {
  const [found] = await listVersions(db, model, { version });
  if (found) return found;
  const [newest] = await listVersions(db, model, { limit: 1 });
  if (!newest) {
    const names = (await listModels(db)).map((one) => one.name);
    throw notFound("registry.model_not_found", `There is no model ${JSON.stringify(model)}; there ${names.length > 0 ? `are ${names.join(", ")}` : "are none yet"}`);
  }
  throw notFound("registry.version_not_found", `Model ${model} has no version ${version}; its versions are 1 to ${newest.version}`);
}

/** The version an alias points at, if the model and the alias exist. */
export async function resolveAlias(db: Database, model: string, alias: string): Promise<ModelVersion | undefined> {
  const row = await registryTables(db)
    .selectFrom("model_aliases")
    .select("version")
    .where("model", "=", model)
    .where("alias", "=", alias)
    .executeTakeFirst();
  return row ? readVersion(db, model, row.version) : undefined;
}
