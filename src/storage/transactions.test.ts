import { expect, onTestFinished, test } from "vitest";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { holdsOf } from "./holds.ts";
import { lock, readAtOnce, transact } from "./transactions.ts";

type Tables = { counters: { name: string; number: number } };

async function openCounter() {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  await db.schema.createTable("counters").addColumn("name", "text", (column) => column.primaryKey()).addColumn("number", "bigint", (column) => column.notNull()).execute();
  await db.withTables<Tables>().insertInto("counters").values({ name: "wheel", number: 0 }).execute();
  return db;
}

const read = async (db: Awaited<ReturnType<typeof openCounter>>): Promise<number> => (await db.withTables<Tables>().selectFrom("counters").select("number").executeTakeFirstOrThrow()).number;

test("transactions that lock the same name follow each other: none writes on the strength of what is old", async () => {
  const db = await openCounter();
  await Promise.all(
    Array.from({ length: 50 }, () =>
      transact(db, async (transaction) => {
        await lock(transaction, "storage.counter");
        const number = await read(transaction);
        await Promise.resolve();
        await transaction.withTables<Tables>().updateTable("counters").set({ number: number + 1 }).execute();
      }),
    ),
  );
  expect(await read(db)).toBe(50);
});

test("inside a transaction it is part of it", async () => {
  const db = await openCounter();
  const outer = transact(db, async (transaction) => {
    await transact(transaction, (inner) => inner.withTables<Tables>().updateTable("counters").set({ number: 7 }).execute());
    throw new Error("all back");
  });
  await expect(outer).rejects.toThrow("all back");
  expect(await read(db)).toBe(0);
});

test("a work that fails is not done again", async () => {
  const db = await openCounter();
  let times = 0;
  const failing = transact(db, () => {
    times += 1;
    return Promise.reject(new Error("no"));
  });
  await expect(failing).rejects.toThrow("no");
  expect(times).toBe(1);
});

test("what is read at once is of one moment", async () => {
  const db = await openCounter();
  const numbers = readAtOnce(db, async (transaction) => [await read(transaction), await Promise.resolve(), await read(transaction)]);
  await db.withTables<Tables>().updateTable("counters").set({ number: 1 }).execute();
  const [one, , other] = await numbers;
  expect(one).toBe(other);
});

test("a transaction locks a name that is held, too: the two are not the same", async () => {
  const db = await openCounter();
  expect(await holdsOf(db).take("a")).toBe(true);
  await transact(db, (transaction) => lock(transaction, "a"));
  await holdsOf(db).give("a");
});

test("a name is held once for all in one server, and given back", async () => {
  const db = await openCounter();
  const holds = holdsOf(db);
  expect(await Promise.all([holds.take("a"), holds.take("a"), holds.take("b")])).toEqual([true, true, true]);
  await holds.give("a");
  await holds.give("a");
  expect(await holds.take("a")).toBe(true);
});
