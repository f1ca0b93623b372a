import { expect, test } from "vitest";
import type { Database } from "./database.ts";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { writeTogether } from "./group-commit.ts";

async function openLedger(): Promise<{ db: Database; add: (entry: string) => (transaction: Database) => Promise<string>; entries: () => Promise<string[]>; commits: () => number }> {
  const db = await openTestDatabase();
  await db.schema.createTable("ledger").addColumn("entry", "text", (column) => column.notNull().unique()).execute();
  const tables = (database: Database) => database.withTables<{ ledger: { entry: string } }>();
  let commits = 0;
  const counted = new Proxy(db, {
    get: (target, name) => {
      if (name === "transaction") commits += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value as (...all: unknown[]) => unknown).bind(target) : value;
    },
  });
  return {
    db: counted,
    add: (entry) => async (transaction) => {
      await tables(transaction).insertInto("ledger").values({ entry }).execute();
      return entry;
    },
    entries: async () => (await tables(db).selectFrom("ledger").select("entry").orderBy("entry").execute()).map((row) => row.entry),
    commits: () => commits,
  };
}

test("writes that come together share one transaction and are each answered", async () => {
  const { db, add, entries, commits } = await openLedger();
  expect(await Promise.all(["a", "b", "c"].map((entry) => writeTogether(db, add(entry))))).toEqual(["a", "b", "c"]);
  expect(await entries()).toEqual(["a", "b", "c"]);
  expect(commits()).toBe(1);
});

test("a write that fails leaves nothing behind, and the others stay", async () => {
  const { db, add, entries } = await openLedger();
  const half = writeTogether(db, async (transaction) => {
    await add("half")(transaction);
    throw new Error("no more");
  });
  const results = await Promise.allSettled([writeTogether(db, add("a")), half, writeTogether(db, add("a")), writeTogether(db, add("b"))]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
  expect(await entries()).toEqual(["a", "b"]);
});

test("a write alone that fails is taken back, too", async () => {
  const { db, add, entries } = await openLedger();
  const alone = writeTogether(db, async (transaction) => {
    await add("half")(transaction);
    throw new Error("no more");
  });
  await expect(alone).rejects.toThrow("no more");
  expect(await entries()).toEqual([]);
});

test("when the whole transaction fails, nobody is told that it went well", async () => {
  const { db, add } = await openLedger();
  await db.destroy();
  const results = await Promise.allSettled([writeTogether(db, add("a")), writeTogether(db, add("b"))]);
  expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
});

test("inside a transaction it is part of it", async () => {
  const { db, add, entries } = await openLedger();
  const outer = db.transaction().execute(async (transaction) => {
    await writeTogether(transaction as unknown as Database, add("inner"));
    throw new Error("all back");
  });
  await expect(outer).rejects.toThrow("all back");
  expect(await entries()).toEqual([]);
});

test("what is asked for while a group is written comes in the next one", async () => {
  const { db, add, entries, commits } = await openLedger();
  await writeTogether(db, async (transaction) => {
    void writeTogether(db, add("later"));
    await add("now")(transaction);
  });
  await writeTogether(db, add("last"));
  expect(await entries()).toEqual(["last", "later", "now"]);
  expect(commits()).toBe(2);
});
