import { sql, type Kysely } from "kysely";
import { counted } from "../storage/dialect.ts";
import type { Migration } from "../storage/migrations.ts";

/** Every step of an alias in a table of its own, by the model's number: the audit log goes by names, which models change. What the log knows is taken over. */
export const aliasMovesMigration: Migration = {
  name: "0003-alias-moves",
  up: async (untyped) => {
    const db = untyped as Kysely<Tables>;
    await db.schema
      .createTable("alias_moves")
      .addColumn("id", "integer", counted(untyped))
      .addColumn("model_id", "integer", (column) => column.notNull().references("registered_models.id"))
      .addColumn("alias", "text", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("version", "integer")
      .addColumn("time", "bigint", (column) => column.notNull())
      .addColumn("actor", "text", (column) => column.notNull())
      .addColumn("reason", "text", (column) => column.notNull())
      .execute();
    await db.schema.createIndex("alias_moves_by_alias").on("alias_moves").columns(["model_id", "alias"]).execute();
    for (const { id, name } of await db.selectFrom("registered_models").select(["id", "name"]).where(sql.ref("deleted_at"), "is", null).execute()) {
      const entries = await db.selectFrom("audit_log").selectAll().where("object", "=", `model/${name}`).orderBy("seq").execute();
      // The name may have been another model's before.
      const own = entries.slice(entries.findLastIndex(({ action }) => action === "registry.model_created" || action === "registry.model_renamed") + 1);
      for (const { action, details, time, actor, reason } of own) {
        if (action !== "registry.alias_moved" && action !== "registry.alias_removed") continue;
        const { alias, to } = JSON.parse(details) as { alias: string; to?: number };
        await db.insertInto("alias_moves").values({ model_id: id, alias, kind: to === undefined ? "removed" : "moved", version: to ?? null, time, actor, reason }).execute();
      }
    }
  },
};

interface Tables {
  registered_models: { id: number; name: string };
  audit_log: { seq: number; time: number; actor: string; action: string; object: string; reason: string; details: string };
  alias_moves: { model_id: number; alias: string; kind: string; version: number | null; time: number; actor: string; reason: string };
}
