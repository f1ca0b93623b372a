import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openDatabase } from "./database.ts";
import { writeTogether } from "./group-commit.ts";
import { transact } from "./transactions.ts";

const mebibyte = "x".repeat(1 << 20);

/** A database that may grow to about a mebibyte: SQLite's own limit, by which it fails as on a full disk. */
async function small() {
  const folder = await temporaryFolder();
  const db = openDatabase(join(folder, "millrace.db"));
  await sql`create table grain (id integer primary key, text text)`.execute(db);
  await sql`pragma max_page_count = 300`.execute(db);
  const add = (to: typeof db, text: string) => sql`insert into grain (text) values (${text})`.execute(to);
  const texts = async () => (await sql<{ text: string }>`select text from grain order by id`.execute(db)).rows.map(({ text }) => text);
  return { db, folder, add, texts };
}

test("a full database says so, with folder and free bytes, in a transaction and out of it; nothing of the write is kept, and it heals", async () => {
  const { db, folder, add, texts } = await small();
  await add(db, "before");
  const full = { code: "storage.disk_full", status: 507, details: { folder, free: expect.any(Number) as number }, message: expect.stringMatching(/^The disk is full: \d+ bytes are free in /) as string };
  await expect(add(db, mebibyte.repeat(2))).rejects.toMatchObject(full);
  const failing = transact(db, async (transaction) => {
    await add(transaction, "first");
    await add(transaction, mebibyte.repeat(2));
  });
  await expect(failing).rejects.toMatchObject(full);
  expect(await texts()).toEqual(["before"]);
  await sql`pragma max_page_count = 3000`.execute(db);
  await transact(db, (transaction) => add(transaction, mebibyte));
  expect(await texts()).toEqual(["before", mebibyte]);
});

test("what is asked after the failure, in the same transaction, is refused for the same reason and not done on its own", async () => {
  const { db, add, texts } = await small();
  const stubborn = transact(db, async (transaction) => {
    await add(transaction, "first");
    await add(transaction, mebibyte.repeat(2)).catch(() => undefined);
    await add(transaction, "on its own");
  });
  await expect(stubborn).rejects.toMatchObject({ code: "storage.disk_full" });
  expect(await texts()).toEqual([]);
  await add(db, "afterwards");
  expect(await texts()).toEqual(["afterwards"]);
});

test("of writes that were asked for together all are told the cause, and none is half there", async () => {
  const { db, add, texts } = await small();
  const jobs = [mebibyte.repeat(2), "a", "b"].map((text) => writeTogether(db, (transaction) => add(transaction, text)));
  const outcomes = await Promise.all(jobs.map((job) => job.then(() => "kept", (error: { code: string }) => error.code)));
  const kept = ["", "a", "b"].filter((_, at) => outcomes[at] === "kept");
  expect(outcomes.filter((one) => one !== "kept").every((one) => one === "storage.disk_full")).toBe(true);
  expect(outcomes[0]).toBe("storage.disk_full");
  expect(await texts()).toEqual(kept);
});

test("a wrong statement stays what it is, and takes back its transaction alone", async () => {
  const { db, add, texts } = await small();
  await expect(sql`insert into grain (id, text) values (1, 'a'), (1, 'b')`.execute(db)).rejects.toThrow(/UNIQUE constraint failed/);
  await expect(transact(db, async (transaction) => {
    await add(transaction, "a");
    await sql`select absent from grain`.execute(transaction);
  })).rejects.toThrow(/no such column: absent/);
  expect(await texts()).toEqual([]);
});

test.each<[string, (file: string) => Promise<void>, RegExp]>([
  ["no database", (file) => writeFile(file, "these are words, and as many of them as a header has, so that it cannot be taken for an empty file ".repeat(3)), /is no SQLite database; restore a backup into another folder/],
  ["a folder", (file) => mkdir(file), /cannot be opened: it is no file/],
])("what is %s is not opened, and told in one sentence with the path", async (_, make, sentence) => {
  const file = join(await temporaryFolder(), "millrace.db");
  await make(file);
  expect(() => openDatabase(file)).toThrow(expect.objectContaining({ code: "storage.bad_database", status: 400, message: expect.stringMatching(sentence) as string }));
  expect(() => openDatabase(file)).toThrow(file);
});
