import type { Selectable } from "kysely";
import { conflict, invalid, notFound } from "../errors.ts";
import { appendAudit } from "../storage/audit.ts";
import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { lock } from "../storage/transactions.ts";
import { registryTables, type RegistryTables } from "./store.ts";
import type { RegisteredModel } from "./types.ts";

/** Who changes something, when and, where it matters, why. */
export interface Change {
  readonly time: number;
  readonly actor: string;
  readonly reason?: string | undefined;
}

export interface NewModel extends Change {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags?: ReadonlyMap<string, string>;
}

/** Adds a model without versions. Throws `registry.model_exists`, `registry.bad_model_name`. */
export async function createModel(db: Database, input: NewModel): Promise<void> {
  checkModelName(input.name);
  await lockName(db, input.name);
  if (await findModel(db, input.name)) throw conflict("registry.model_exists", `Registered Model (name=${input.name}) already exists.`);
  await insertModel(db, input);
}

/** Whoever gives or takes a name waits for the one before. Call it in the transaction. */
const lockName = (transaction: Database, name: string): Promise<void> => lock(transaction, `registry.model ${name}`);

/** The model's row; adds the model when there is none. */
export async function ensureModel(db: Database, input: NewModel): Promise<ModelRow> {
  await lockName(db, input.name);
  const known = await findModel(db, input.name);
  if (known) return known;
  await insertModel(db, input);
  return modelRow(db, input.name);
}

async function insertModel(db: Database, { name, description, tags, time, actor, reason }: NewModel): Promise<void> {
  await registryTables(db)
    .insertInto("registered_models")
    .values({ name, description: description ?? null, created_at: time, updated_at: time, deleted_at: null, last_version: 0 })
    .execute();
  const { id } = await modelRow(db, name);
  await insertRows(db, "registered_model_tags", ["model_id", "key", "value"], [...(tags ?? [])].map(([key, value]) => [id, key, value]));
  await audit(db, name, { time, actor, reason }, "registry.model_created", { tags: Object.fromEntries(tags ?? []), description: description ?? null });
}

/** As in MLflow; and no index of a database takes names without end. */
const longestName = 256;

/** Throws `registry.bad_model_name`: a name stands in addresses, so it holds neither slash nor colon. */
function checkModelName(name: string): void {
  if (name.trim() === "") throw invalid("registry.bad_model_name", "A model's name must not be empty");
  if (name.length > longestName) throw invalid("registry.bad_model_name", `A model's name may have ${longestName} characters; this one has ${name.length}`);
  if (/[/:]/.test(name)) throw invalid("registry.bad_model_name", `Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  if (name === "." || name === "..") throw invalid("registry.bad_model_name", `Invalid model name '${name}': as part of a path it would mean another`);
}

export type ModelRow = Selectable<RegistryTables["registered_models"]>;

export const findModel = (db: Database, name: string): Promise<ModelRow | undefined> =>
  registryTables(db).selectFrom("registered_models").selectAll().where("name", "=", name).where("deleted_at", "is", null).executeTakeFirst();

/** Throws `registry.model_not_found`. */
export async function modelRow(db: Database, name: string): Promise<ModelRow> {
  const row = await findModel(db, name);
  if (row) return row;
  throw notFound("registry.model_not_found", `Registered Model with name=${name} not found`);
}

/** The models of these ids, in the order of the ids. */
export async function readModels(db: Database, ids: readonly number[]): Promise<RegisteredModel[]> {
  if (ids.length === 0) return [];
  const tables = registryTables(db);
  const rows = new Map((await tables.selectFrom("registered_models").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const tags = await tables.selectFrom("registered_model_tags").selectAll().where("model_id", "in", ids).orderBy("key").execute();
  const aliases = await tables.selectFrom("model_aliases").selectAll().where("model_id", "in", ids).orderBy("alias").execute();
  const latest = await tables
    .selectFrom("model_versions")
    .select(({ fn }) => ["model_id", fn.max("version").as("version")])
    .where("model_id", "in", ids)
    .where("deleted_at", "is", null)
    .groupBy("model_id")
    .execute();
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    return [
      {
        name: row.name,
        description: row.description,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
        tags: Object.fromEntries(tags.filter((tag) => tag.model_id === id).map(({ key, value }) => [key, value])),
        aliases: Object.fromEntries(aliases.filter((alias) => alias.model_id === id).map(({ alias, version }) => [alias, version])),
        latestVersion: latest.find((one) => one.model_id === id)?.version ?? 0,
      },
    ];
  });
}

export async function readModel(db: Database, name: string): Promise<RegisteredModel> {
  const [model] = await readModels(db, [(await modelRow(db, name)).id]);
  return model;
}

/** All models, by name. */
export async function listModels(db: Database): Promise<RegisteredModel[]> {
  const rows = await registryTables(db).selectFrom("registered_models").select("id").where("deleted_at", "is", null).orderBy("name").execute();
  return readModels(db, rows.map((row) => row.id));
}

/** Notes a change of a model in the audit log; call it in the transaction that makes it. */
export const audit = (transaction: Database, model: string, { time, actor, reason = "" }: Change, action: string, details: Readonly<Record<string, unknown>>): Promise<void> =>
  appendAudit(transaction, { time, actor, action, object: `model/${model}`, reason, details });

export async function describeModel(db: Database, name: string, description: string, change: Change): Promise<void> {
  const { id } = await modelRow(db, name);
  await registryTables(db).updateTable("registered_models").set({ description, updated_at: change.time }).where("id", "=", id).execute();
  await audit(db, name, change, "registry.model_updated", { description });
}

/** Gives a model another name; its versions keep their numbers. Throws `registry.in_use` for one that is deployed under its name. */
export async function renameModel(db: Database, name: string, newName: string, change: Change): Promise<void> {
  checkModelName(newName);
  for (const one of [name, newName].toSorted()) await lockName(db, one);
  const { id } = await modelRow(db, name);
  if (await findModel(db, newName)) throw conflict("registry.model_exists", `Registered Model (name=${newName}) already exists.`);
  await requireUnheld(db, id, `Model ${name} cannot be renamed`);
  const tables = registryTables(db);
  await tables.updateTable("registered_models").set({ name: newName, updated_at: change.time }).where("id", "=", id).execute();
  for (const object of [name, newName]) {
    await audit(db, object, change, "registry.model_renamed", { from: name, to: newName });
  }
}

/** Deletes a model with its versions, softly: `restoreModel` brings it back until it is collected. Throws `registry.in_use`. */
export async function deleteModel(db: Database, name: string, change: Change): Promise<void> {
  const { id } = await modelRow(db, name);
  await requireUnheld(db, id, `Model ${name} cannot be deleted`);
  await registryTables(db).updateTable("registered_models").set({ deleted_at: change.time }).where("id", "=", id).execute();
  await audit(db, name, change, "registry.model_deleted", {});
}

/** Brings back the model of this name that was deleted last. Throws `registry.model_exists` when the name is taken again. */
export async function restoreModel(db: Database, name: string, change: Change): Promise<void> {
  await lockName(db, name);
  if (await findModel(db, name)) throw conflict("registry.model_exists", `There is a model ${name} that is not deleted; rename it first`);
  const tables = registryTables(db);
  const row = await tables.selectFrom("registered_models").select("id").where("name", "=", name).where("deleted_at", "is not", null).orderBy("deleted_at", "desc").executeTakeFirst();
  if (!row) throw notFound("registry.model_not_found", `There is no deleted model ${name}`);
  await tables.updateTable("registered_models").set({ deleted_at: null, updated_at: change.time }).where("id", "=", row.id).execute();
  await audit(db, name, change, "registry.model_restored", {});
}

/** Throws `registry.in_use` when a version of the model, or this one, is held. */
export async function requireUnheld(db: Database, id: number, what: string, version?: number): Promise<void> {
  let query = registryTables(db).selectFrom("version_holds").select(["version", "holder"]).where("model_id", "=", id);
  if (version !== undefined) query = query.where("version", "=", version);
  const hold = await query.executeTakeFirst();
  if (hold) throw conflict("registry.in_use", `${what}: version ${hold.version} is in use (${hold.holder})`);
}

export async function setModelTag(db: Database, name: string, key: string, value: string, change: Change): Promise<void> {
  const { id } = await modelRow(db, name);
  await insertRows(db, "registered_model_tags", ["model_id", "key", "value"], [[id, key, value]], "on conflict (model_id, key) do update set value = excluded.value");
  await audit(db, name, change, "registry.model_tag_set", { key, value, ...(await promptDetail(db, id)) });
}

/** MLflow's prompts are registered models with this tag. */
export const promptTag = "mlflow.prompt.is_prompt";

/** What the audit log adds of a model that is a prompt: webhooks tell prompts from models by it. */
export async function promptDetail(db: Database, modelId: number): Promise<{ readonly prompt?: true }> {
  const tag = await registryTables(db).selectFrom("registered_model_tags").select("value").where("model_id", "=", modelId).where("key", "=", promptTag).executeTakeFirst();
  return tag?.value.toLowerCase() === "true" ? { prompt: true } : {};
}

/** Takes a tag away; nothing when it is not there. */
export async function deleteModelTag(db: Database, name: string, key: string, change: Change): Promise<void> {
  const { id } = await modelRow(db, name);
  const prompt = await promptDetail(db, id);
  const deleted = await registryTables(db).deleteFrom("registered_model_tags").where("model_id", "=", id).where("key", "=", key).executeTakeFirstOrThrow();
  if (deleted.numDeletedRows === 0n) return;
  await audit(db, name, change, "registry.model_tag_deleted", { key, ...prompt });
}
