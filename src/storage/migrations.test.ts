import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { migrate, type Migration } from "./migrations.ts";

const creating = (name: string, table: string): Migration => ({
  name,
  up: async (db) => {
    await db.schema.createTable(table).addColumn("id", "integer").execute();
  },
});

const open = async (): Promise<Database> => {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  return db;
};

const tablesOf = async (db: Database): Promise<string[]> => {
  const names = isSqlite(db) ? sql<{ name: string }>`select name from sqlite_master where type = 'table' order by name`
    : sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = current_schema() order by table_name`;
  return (await names.execute(db)).rows.map((row) => row.name);
};

test("each migration is applied once, in order, room by room", async () => {
  const db = await open();
  const mill = { name: "mill", migrations: [creating("0001-wheels", "wheels")] };
  const race = { name: "race", migrations: [creating("0001-gates", "gates")] };
  expect(await migrate(db, [mill, race, { name: "idle" }], 1)).toEqual(["mill/0001-wheels", "race/0001-gates"]);
  expect(await migrate(db, [mill, race], 2)).toEqual([]);
  const grown = { name: "mill", migrations: [...mill.migrations, creating("0002-stones", "stones")] };
  expect(await migrate(db, [grown, race], 3)).toEqual(["mill/0002-stones"]);
  expect(await tablesOf(db)).toEqual(["gates", "schema_migrations", "stones", "wheels"]);
  expect((await sql`select * from schema_migrations order by applied_at, name`.execute(db)).rows).toEqual([
    { name: "mill/0001-wheels", applied_at: 1 },
    { name: "race/0001-gates", applied_at: 1 },
    { name: "mill/0002-stones", applied_at: 3 },
  ]);
});

test("a newer schema is refused, with a sentence, before anything is changed", async () => {
  const db = await open();
  await migrate(db, [{ name: "mill", migrations: [creating("0001-wheels", "wheels"), creating("0002-stones", "stones")] }], 1);
  const older = [{ name: "mill", migrations: [creating("0001-wheels", "wheels")] }, { name: "race", migrations: [creating("0001-gates", "gates")] }];
  await expect(migrate(db, older, 2)).rejects.toMatchObject({
    code: "storage.newer_schema",
    message: isSqlite(db)
      ? "This home folder was written by a newer Millrace (it has the migrations mill/0002-stones); use that version, or another --home"
      : "This database was written by a newer Millrace (it has the migrations mill/0002-stones); use that version, or another --database",
  });
  expect(await tablesOf(db)).not.toContain("gates");
});

test("a migration that fails leaves nothing of itself, and the ones before it stand", async () => {
  const db = await open();
  const failing: Migration = {
    name: "0002-broken",
    up: async (transaction) => {
      await transaction.schema.createTable("half").addColumn("id", "integer").execute();
      throw new Error("no room on the disk");
    },
  };
  await expect(migrate(db, [{ name: "mill", migrations: [creating("0001-wheels", "wheels"), failing] }], 1)).rejects.toThrow("no room on the disk");
  expect(await tablesOf(db)).toEqual(["schema_migrations", "wheels"]);
  expect(await migrate(db, [{ name: "mill", migrations: [creating("0001-wheels", "wheels"), creating("0002-broken", "half")] }], 2)).toEqual(["mill/0002-broken"]);
});
