import type { Database } from "../storage/database.ts";
import { registryTables } from "./store.ts";

/** Models that were deleted and not yet collected, the last first. */
export async function deletedModels(db: Database): Promise<{ name: string; deletedAt: number }[]> {
  const rows = await registryTables(db).selectFrom("registered_models").select(["name", "deleted_at"]).where("deleted_at", "is not", null).orderBy("deleted_at", "desc").execute();
  return rows.map(({ name, deleted_at }) => ({ name, deletedAt: deleted_at! }));
}

/** Versions that were deleted and not yet collected, of models that are there; the last first. */
export async function deletedVersions(db: Database): Promise<{ model: string; version: number; deletedAt: number }[]> {
  const rows = await registryTables(db)
    .selectFrom("model_versions")
    .innerJoin("registered_models", "registered_models.id", "model_versions.model_id")
    .select(["name", "version", "model_versions.deleted_at"])
    .where("model_versions.deleted_at", "is not", null)
    .where("registered_models.deleted_at", "is", null)
    .orderBy("model_versions.deleted_at", "desc")
    .execute();
  return rows.map(({ name, version, deleted_at }) => ({ model: name, version, deletedAt: deleted_at! }));
}
