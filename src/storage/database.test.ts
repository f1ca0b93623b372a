import { join } from "node:path";
import * as fc from "fast-check";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { onPostgres, openTestDatabase } from "./fixtures/open-test-database.ts";

type Tables = { notes: { id: number; text: string | null; number: number | null } };

async function openNotes(file = ":memory:") {
  const db = (await openTestDatabase(file)).withTables<Tables>();
  onTestFinished(() => db.destroy());
  await sql`create table if not exists notes (id integer primary key, text text, number double precision)`.execute(db);
  return db;
}

test("values come back as they were written", async () => {
  const db = await openNotes();
  // Infinity, NaN (SQLite) and a NUL in a text (both) are what databases do not keep.
  const text = fc.string({ unit: "binary" }).filter((value) => !value.includes("\0"));
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  let id = 0;
  await fc.assert(
    fc.asyncProperty(fc.option(text), fc.option(number), async (written, value) => {
      id += 1;
      await db.insertInto("notes").values({ id, text: written, number: value }).execute();
      const row = await db.selectFrom("notes").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
      expect(row).toEqual({ id, text: written, number: value === null ? null : value + 0 });
    }),
    { numRuns: 100 },
  );
});

test("a moment in milliseconds does not lose digits", async () => {
  const db = await openNotes();
  await sql`create table moments (at bigint)`.execute(db);
  await sql`insert into moments values (${8_640_000_000_000_000})`.execute(db);
  expect((await sql<{ at: number }>`select at from moments`.execute(db)).rows).toEqual([{ at: 8_640_000_000_000_000 }]);
});

test("a transaction that throws changes nothing", async () => {
  const db = await openNotes();
  await db.insertInto("notes").values({ id: 1, text: "before", number: null }).execute();
  const failing = db.transaction().execute(async (transaction) => {
    await transaction.updateTable("notes").set({ text: "after" }).execute();
    await transaction.insertInto("notes").values({ id: 2, text: "new", number: null }).execute();
    throw new Error("thought better of it");
  });
  await expect(failing).rejects.toThrow("thought better of it");
  expect(await db.selectFrom("notes").selectAll().execute()).toEqual([{ id: 1, text: "before", number: null }]);
});

test.skipIf(onPostgres)("what was written is there when the file is opened again, and safe from power loss", async () => {
  const file = join(await temporaryFolder(), "deep", "down", "millrace.db");
  const first = await openNotes(file);
  await first.insertInto("notes").values({ id: 1, text: "kept", number: 0.1 }).execute();
  const second = await openNotes(file);
  expect(await second.selectFrom("notes").selectAll().execute()).toEqual([{ id: 1, text: "kept", number: 0.1 }]);
  expect((await sql`pragma synchronous`.execute(second)).rows).toEqual([{ synchronous: 2 }]);
  expect((await sql`pragma journal_mode`.execute(second)).rows).toEqual([{ journal_mode: "wal" }]);
});

test("a row that points nowhere is refused", async () => {
  const db = await openNotes();
  await sql`create table lines (note integer not null references notes (id))`.execute(db);
  await expect(sql`insert into lines values (7)`.execute(db)).rejects.toThrow(/FOREIGN KEY/i);
});

test("inserts say how many rows they made", async () => {
  const db = await openNotes();
  const insert = () => db.insertInto("notes").values({ id: 1, text: null, number: null }).onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
  expect((await insert()).numInsertedOrUpdatedRows).toBe(1n);
  expect((await insert()).numInsertedOrUpdatedRows).toBe(0n);
});

test.runIf(onPostgres)("what PostgreSQL cannot keep is refused as the caller's mistake", async () => {
  const db = await openNotes();
  await expect(db.insertInto("notes").values({ id: 1, text: "a\0b", number: null }).execute()).rejects.toMatchObject({ code: "storage.bad_value", status: 400 });
  await expect(db.insertInto("notes").values({ id: 2 ** 40, text: null, number: null }).execute()).rejects.toMatchObject({ code: "storage.bad_value", status: 400 });
  expect(await db.selectFrom("notes").selectAll().execute()).toEqual([]);
});

test.runIf(onPostgres)("a commit waits for the disk, whatever the server's default", async () => {
  const db = await openNotes();
  expect((await sql`show synchronous_commit`.execute(db)).rows).toEqual([{ synchronous_commit: "on" }]);
});
