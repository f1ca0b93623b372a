import type { Kysely } from "kysely";
import { MillraceError } from "../errors.ts";
import type { Database } from "./database.ts";
import { binaryTexts, isSqlite } from "./dialect.ts";
import { lock, transact } from "./transactions.ts";

/** One step of a room's schema. Names (`0001-runs`) are unique in the room, run in order, and never change once landed. */
export interface Migration {
  readonly name: string;
  readonly up: (db: Kysely<unknown>) => Promise<void>;
}

type MigrationTables = {
  schema_migrations: { name: string; applied_at: number };
}

/** What a server locks that changes the schema. */
const migrating = "storage.migrations";

/**
 * Brings the schema up to date; each migration runs in a transaction of its own. Returns the names it applied; of several servers that start
 * at once, each migration is applied by one. A schema that knows more than this program does is refused before anything is changed
 * (`storage.newer_schema`).
 */
export async function migrate(
  db: Database,
  rooms: readonly { readonly name: string; readonly migrations?: readonly Migration[] }[],
  now: number,
): Promise<string[]> {
  const sqlite = isSqlite(db);
  const defining = sqlite ? db : db.withPlugin(binaryTexts);
  const tables = db.withTables<MigrationTables>();
  await transact(defining, async (transaction) => {
    await lock(transaction, migrating);
    await transaction.schema
      .createTable("schema_migrations")
      .ifNotExists()
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("applied_at", "bigint", (column) => column.notNull())
      .execute();
  });
  const applied = new Set((await tables.selectFrom("schema_migrations").select("name").execute()).map((row) => row.name));
  const known = new Set(rooms.flatMap((room) => (room.migrations ?? []).map((migration) => `${room.name}/${migration.name}`)));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new MillraceError(
      "storage.newer_schema",
      500,
      `This ${sqlite ? "home folder" : "database"} was written by a newer Millrace (it has the migrations ${unknown.join(", ")}); use that version, or another --${sqlite ? "home" : "database"}`,
    );
  }
  const done: string[] = [];
  for (const room of rooms) {
    for (const migration of room.migrations ?? []) {
      const name = `${room.name}/${migration.name}`;
      if (applied.has(name)) continue;
      const isNew = await transact(defining, async (transaction) => {
        await lock(transaction, migrating);
        const known = transaction.withTables<MigrationTables>();
        if (await known.selectFrom("schema_migrations").select("name").where("name", "=", name).executeTakeFirst()) return false;
        await migration.up(transaction as unknown as Kysely<unknown>);
        await known.insertInto("schema_migrations").values({ name, applied_at: now }).execute();
        return true;
      });
      if (isNew) done.push(name);
    }
  }
  return done;
}
