import type { Collector } from "../stage.ts";
import type { Database } from "../storage/database.ts";
import { registryTables } from "./store.ts";
import { folderOf } from "./version-files.ts";

/** Models and versions that were deleted long enough ago; never what is held. The runs and logged models of versions that are left are needed. */
export const registryCollector: Collector = {
  needs: async (db) => {
    const rows = await registryTables(db).selectFrom("model_versions").select(["run_id", "logged_model_id", "storage", "source"]).execute();
    return rows.flatMap((row) => [row.run_id, row.logged_model_id, folderOf(row)?.owner, folderOf({ storage: row.source })?.owner].filter((id): id is string => typeof id === "string"));
  },
  collect: async (transaction, { before }) => {
    const tables = registryTables(transaction);
    const held = new Set((await tables.selectFrom("version_holds").select(["model_id", "version"]).execute()).map(({ model_id, version }) => `${model_id}/${version}`));
    const heldModels = new Set([...held].map((one) => one.split("/")[0]));
    const models = (await tables.selectFrom("registered_models").select("id").where("deleted_at", "<", before).execute()).filter(({ id }) => !heldModels.has(String(id)));
    let versions = 0;
    for (const { id } of models) versions += await forgetModel(transaction, id);
    for (const { model_id, version } of await tables.selectFrom("model_versions").select(["model_id", "version"]).where("deleted_at", "<", before).execute()) {
      if (held.has(`${model_id}/${version}`)) continue;
      for (const table of ["model_version_tags", "model_versions"] as const) await tables.deleteFrom(table).where("model_id", "=", model_id).where("version", "=", version).execute();
      versions++;
    }
    return { models: models.length, versions };
  },
};

/** Returns how many versions it had. */
async function forgetModel(transaction: Database, id: number): Promise<number> {
  const tables = registryTables(transaction);
  for (const table of ["registered_model_tags", "model_version_tags", "model_aliases", "alias_moves", "alias_policies"] as const) await tables.deleteFrom(table).where("model_id", "=", id).execute();
  const { numDeletedRows } = await tables.deleteFrom("model_versions").where("model_id", "=", id).executeTakeFirstOrThrow();
  await tables.deleteFrom("registered_models").where("id", "=", id).execute();
  return Number(numDeletedRows);
}
