import type { Database } from "../storage/database.ts";
import { registryTables } from "./store.ts";

export interface Registration {
  readonly loggedModelId: string;
  readonly name: string;
  readonly version: number;
}

/** The versions that logged models were registered as, in the order they were. */
export async function listRegistrations(db: Database, loggedModelIds: readonly string[]): Promise<Registration[]> {
  if (loggedModelIds.length === 0) return [];
  const rows = await registryTables(db)
    .selectFrom("model_versions")
    .innerJoin("registered_models", "registered_models.id", "model_versions.model_id")
    .select(["logged_model_id", "name", "version"])
    .where("logged_model_id", "in", loggedModelIds)
    .where("model_versions.deleted_at", "is", null)
    .where("registered_models.deleted_at", "is", null)
    .orderBy("model_versions.created_at")
    .orderBy("version")
    .execute();
  return rows.map((row) => ({ loggedModelId: row.logged_model_id!, name: row.name, version: row.version }));
}
