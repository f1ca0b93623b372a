import type { Selectable } from "kysely";
import { invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { insertLineage } from "../tracking/tracking.ts";
import { trainedInOf } from "../training/environments/environment-texts.ts";
import { recordMove } from "./alias-moves.ts";
import { audit, findModel, modelRow, promptDetail, requireUnheld, type Change } from "./models.ts";
import type { ModelFiles } from "../training/types.ts";
import { registryTables, type RegistryTables } from "./store.ts";
import { stages, type ModelVersion, type TrainedVersion, type VersionFacts, type VersionStage } from "./types.ts";

export type VersionRow = Selectable<RegistryTables["model_versions"]>;

/** What only versions that this house trained have, kept as one document. */
type Evidence = Pick<TrainedVersion, "algorithm" | "training" | "recipe" | "params" | "importances" | "signature" | "metrics" | "gate" | "environment"> & Pick<ModelFiles, "python">;

/** Digests of the environments of Python that versions were trained in: those that are there, and those that can be restored. */
export async function environmentsOfVersions(db: Database): Promise<Set<string>> {
  const rows = await registryTables(db).selectFrom("model_versions").select("document").where("document", "is not", null).execute();
  return new Set(rows.flatMap(({ document }) => trainedInOf((JSON.parse(document!) as Evidence).recipe)?.digest ?? []));
}

/** Takes the next number of a model; the row is locked until the transaction ends, so two who ask get two numbers. */
export async function nextVersion(transaction: Database, modelId: number, time: number): Promise<number> {
  const { last_version } = await registryTables(transaction)
    .updateTable("registered_models")
    .set((row) => ({ last_version: row("last_version", "+", 1), updated_at: time }))
    .where("id", "=", modelId)
    .returning("last_version")
    .executeTakeFirstOrThrow();
  return last_version;
}

export interface NewVersion extends Change {
  readonly model: string;
  readonly source: string;
  readonly storage: string;
  readonly runId?: string | undefined;
  readonly runLink?: string | undefined;
  readonly loggedModelId?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: ReadonlyMap<string, string>;
}

/** Adds a version of a client's model, with an audit entry. Call it in a transaction. Returns its number. Throws `registry.model_not_found`. */
export async function createVersion(transaction: Database, input: NewVersion): Promise<number> {
  const { id } = await modelRow(transaction, input.model);
  const version = await nextVersion(transaction, id, input.time);
  await registryTables(transaction)
    .insertInto("model_versions")
    .values({
      model_id: id,
      version,
      created_at: input.time,
      updated_at: input.time,
      created_by: input.actor,
      deleted_at: null,
      description: input.description ?? null,
      stage: "None",
      source: input.source,
      storage: input.storage,
      run_id: input.runId ?? null,
      run_link: input.runLink ?? null,
      logged_model_id: input.loggedModelId ?? null,
      reason: input.reason ?? `registered by ${input.actor}`,
      pipeline_run_id: null,
      dataset_version: null,
      artifact_sha256: null,
      artifact_size: null,
      document: null,
    })
    .execute();
  await insertRows(transaction, "model_version_tags", ["model_id", "version", "key", "value"], [...(input.tags ?? [])].map(([key, value]) => [id, version, key, value]));
  const node = { kind: "model_version", id: `${input.model}/${version}` };
  if (input.runId !== undefined) await insertLineage(transaction, [{ from: { kind: "run", id: input.runId }, to: node, role: "produced" }]);
  const details = { version, source: input.source, runId: input.runId ?? null, tags: Object.fromEntries(input.tags ?? []), description: input.description ?? null };
  await audit(transaction, input.model, input, "registry.version_registered", details);
  return version;
}

/** The newest versions first; only one when its number is given. Deleted ones are not among them. */
export async function listVersions(db: Database, model: string, filter: { version?: number; limit?: number } = {}): Promise<ModelVersion[]> {
  const known = await findModel(db, model);
  if (!known) return [];
  let query = registryTables(db).selectFrom("model_versions").selectAll().where("model_id", "=", known.id).where("deleted_at", "is", null);
  if (filter.version !== undefined) query = query.where("version", "=", filter.version);
  return readVersionRows(db, await query.orderBy("version", "desc").limit(filter.limit ?? 500).execute());
}

/** Rows as versions, in their order. */
export async function readVersionRows(db: Database, rows: readonly VersionRow[]): Promise<ModelVersion[]> {
  if (rows.length === 0) return [];
  const tables = registryTables(db);
  const ids = [...new Set(rows.map((row) => row.model_id))];
  const names = new Map((await tables.selectFrom("registered_models").select(["id", "name"]).where("id", "in", ids).execute()).map(({ id, name }) => [id, name]));
  const keyOf = (one: { model_id: number; version: number }): string => `${one.model_id}/${one.version}`;
  const aliases = Map.groupBy(await tables.selectFrom("model_aliases").selectAll().where("model_id", "in", ids).orderBy("alias").execute(), keyOf);
  const tags = Map.groupBy(await tables.selectFrom("model_version_tags").selectAll().where("model_id", "in", ids).orderBy("key").execute(), keyOf);
  return rows.map((row) => {
    const facts: VersionFacts = {
      model: names.get(row.model_id)!,
      version: row.version,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      createdBy: row.created_by,
      description: row.description,
      stage: row.stage,
      tags: Object.fromEntries((tags.get(keyOf(row)) ?? []).map(({ key, value }) => [key, value])),
      aliases: (aliases.get(keyOf(row)) ?? []).map(({ alias }) => alias),
      source: row.source,
      storage: row.storage,
      runId: row.run_id,
      runLink: row.run_link,
      loggedModelId: row.logged_model_id,
      trigger: row.reason,
    };
    if (row.document === null) return { origin: "client", ...facts };
    const { python, ...evidence } = JSON.parse(row.document) as Evidence;
    return {
      ...evidence,
      ...facts,
      origin: "trained",
      runId: row.run_id!,
      pipelineRunId: row.pipeline_run_id!,
      datasetVersion: row.dataset_version!,
      artifact: { sha256: row.artifact_sha256!, size: row.artifact_size!, ...(python && { python }) },
    };
  });
}

/** Throws `registry.version_not_found`. */
export async function readVersion(db: Database, model: string, version: number): Promise<ModelVersion> {
  const [found] = await listVersions(db, model, { version });
  if (found) return found;
  throw versionNotFound(model, version, await findModel(db, model));
}

const versionNotFound = (model: string, version: number, known: object | undefined): Error =>
  notFound("registry.version_not_found", `Model Version (name=${model}, version=${version}) not found${known ? "" : ": there is no model of this name"}`);

/** A version that this house trained; `registry.not_trained_here` for one that a client registered. */
export async function readTrainedVersion(db: Database, model: string, version: number): Promise<TrainedVersion> {
  return trained(await readVersion(db, model, version));
}

/** Throws `registry.not_trained_here`. */
export function trained(version: ModelVersion): TrainedVersion {
  if (version.origin === "trained") return version;
  throw invalid("registry.not_trained_here", `Version ${version.version} of ${version.model} was registered from ${version.source}: it was not trained and evaluated here`);
}

/** The row of a version that is not deleted. */
export async function versionRow(db: Database, model: string, version: number): Promise<{ readonly modelId: number }> {
  const known = await findModel(db, model);
  const rows = registryTables(db).selectFrom("model_versions").select("version").where("version", "=", version).where("deleted_at", "is", null);
  if (!known || !(await rows.where("model_id", "=", known.id).executeTakeFirst())) throw versionNotFound(model, version, known);
  return { modelId: known.id };
}

export async function describeVersion(db: Database, model: string, version: number, description: string, change: Change): Promise<void> {
  const { modelId } = await versionRow(db, model, version);
  await updateVersion(db, modelId, version, { description, updated_at: change.time });
  await audit(db, model, change, "registry.version_updated", { version, description });
}

/** A stage by its name in any case. Throws `registry.bad_stage`. */
export function stageOf(text: string): VersionStage {
  const stage = stages.find((one) => one.toLowerCase() === text.toLowerCase());
  if (stage) return stage;
  throw invalid("registry.bad_stage", `Invalid Model Version stage: ${text}. Value must be one of ${stages.join(", ")}.`);
}

/** Moves a version to a stage; with `archive`, the versions that are there now are archived. */
export async function setStage(transaction: Database, model: string, version: number, stage: VersionStage, archive: boolean, change: Change): Promise<void> {
  const { modelId } = await versionRow(transaction, model, version);
  const tables = registryTables(transaction);
  if (archive) {
    await tables.updateTable("model_versions").set({ stage: "Archived", updated_at: change.time }).where("model_id", "=", modelId).where("stage", "=", stage).where("version", "<>", version).execute();
  }
  await updateVersion(transaction, modelId, version, { stage, updated_at: change.time });
  await tables.updateTable("registered_models").set({ updated_at: change.time }).where("id", "=", modelId).execute();
  await audit(transaction, model, change, "registry.stage_changed", { version, stage, archived: archive });
}

/** Deletes a version softly, and the aliases that point at it. Throws `registry.in_use`. */
export async function deleteVersion(transaction: Database, model: string, version: number, change: Change): Promise<void> {
  const { modelId } = await versionRow(transaction, model, version);
  await requireUnheld(transaction, modelId, `Version ${version} of ${model} cannot be deleted`, version);
  const tables = registryTables(transaction);
  const removed = await tables.deleteFrom("model_aliases").where("model_id", "=", modelId).where("version", "=", version).returning("alias").execute();
  for (const { alias } of removed) await recordMove(transaction, modelId, { alias, kind: "removed", version: null, time: change.time, actor: change.actor, reason: `version ${version} was deleted` });
  await updateVersion(transaction, modelId, version, { deleted_at: change.time, updated_at: change.time });
  await tables.updateTable("registered_models").set({ updated_at: change.time }).where("id", "=", modelId).execute();
  await audit(transaction, model, change, "registry.version_deleted", { version });
}

/** Brings back a deleted version, without its aliases. Throws `registry.version_not_found`. */
export async function restoreVersion(db: Database, model: string, version: number, change: Change): Promise<void> {
  const { id } = await modelRow(db, model);
  const tables = registryTables(db);
  const restored = await tables
    .updateTable("model_versions")
    .set({ deleted_at: null, updated_at: change.time })
    .where("model_id", "=", id)
    .where("version", "=", version)
    .where("deleted_at", "is not", null)
    .executeTakeFirstOrThrow();
  if (restored.numUpdatedRows === 0n) throw notFound("registry.version_not_found", `Model ${model} has no deleted version ${version}`);
  await audit(db, model, change, "registry.version_restored", { version });
}

export async function setVersionTag(db: Database, model: string, version: number, key: string, value: string, change: Change): Promise<void> {
  const { modelId } = await versionRow(db, model, version);
  await insertRows(
    db,
    "model_version_tags",
    ["model_id", "version", "key", "value"],
    [[modelId, version, key, value]],
    "on conflict (model_id, version, key) do update set value = excluded.value",
  );
  await audit(db, model, change, "registry.version_tag_set", { version, key, value, ...(await promptDetail(db, modelId)) });
}

/** Takes a tag away; nothing when it is not there. */
export async function deleteVersionTag(db: Database, model: string, version: number, key: string, change: Change): Promise<void> {
  const { modelId } = await versionRow(db, model, version);
  const tags = registryTables(db).deleteFrom("model_version_tags").where("model_id", "=", modelId).where("version", "=", version);
  if ((await tags.where("key", "=", key).executeTakeFirstOrThrow()).numDeletedRows === 0n) return;
  await audit(db, model, change, "registry.version_tag_deleted", { version, key, ...(await promptDetail(db, modelId)) });
}

const updateVersion = (db: Database, modelId: number, version: number, change: Partial<Pick<VersionRow, "description" | "stage" | "updated_at" | "deleted_at">>) =>
  registryTables(db).updateTable("model_versions").set(change).where("model_id", "=", modelId).where("version", "=", version).execute();

