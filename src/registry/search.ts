import type { OrderByExpression } from "kysely";
import type { Database } from "../storage/database.ts";
import type { Search } from "../tracking/search.ts";
import { readModels } from "./models.ts";
import { registryTables, type RegistryTables } from "./store.ts";
import type { ModelVersion, RegisteredModel } from "./types.ts";
import { readVersionRows } from "./versions.ts";

/** What to find, as SQL over `registered_models` (or, with them, `model_versions`); what is deleted is not found. */
export type RegistrySearch = Omit<Search, "lifecycle">;

export async function searchModels(db: Database, search: RegistrySearch): Promise<RegisteredModel[]> {
  let query = registryTables(db).selectFrom("registered_models").select("id").where("deleted_at", "is", null);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<RegistryTables, "registered_models", object>, ascending ? "asc" : "desc");
  const rows = await query.limit(search.limit).offset(search.offset).execute();
  return readModels(db, rows.map((row) => row.id));
}

export async function searchVersions(db: Database, search: RegistrySearch): Promise<ModelVersion[]> {
  let query = registryTables(db)
    .selectFrom("model_versions")
    .innerJoin("registered_models", "registered_models.id", "model_versions.model_id")
    .selectAll("model_versions")
    .where("model_versions.deleted_at", "is", null)
    .where("registered_models.deleted_at", "is", null);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<RegistryTables, "model_versions" | "registered_models", object>, ascending ? "asc" : "desc");
  return readVersionRows(db, await query.limit(search.limit).offset(search.offset).execute());
}

/** The newest version of each stage, of each of these models, by number. */
export async function latestVersions(db: Database, models: readonly string[]): Promise<ModelVersion[]> {
  if (models.length === 0) return [];
  const tables = registryTables(db);
  const newest = tables
    .selectFrom("model_versions")
    .innerJoin("registered_models", "registered_models.id", "model_versions.model_id")
    .select(({ fn }) => ["model_versions.model_id", fn.max("model_versions.version").as("version")])
    .where("registered_models.name", "in", models)
    .where("registered_models.deleted_at", "is", null)
    .where("model_versions.deleted_at", "is", null)
    .groupBy(["model_versions.model_id", "model_versions.stage"]);
  const rows = await tables
    .selectFrom("model_versions")
    .innerJoin(newest.as("newest"), (join) => join.onRef("newest.model_id", "=", "model_versions.model_id").onRef("newest.version", "=", "model_versions.version"))
    .selectAll("model_versions")
    .orderBy("model_versions.version")
    .execute();
  return readVersionRows(db, rows);
}
