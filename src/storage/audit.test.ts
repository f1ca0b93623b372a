import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { appendAudit, auditMigrations, readAudit, verifyAudit, type AuditTables } from "./audit.ts";
import type { Database } from "./database.ts";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { migrate } from "./migrations.ts";

async function openAudit() {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  await migrate(db, [{ name: "storage", migrations: auditMigrations }], 0);
  return { db, verify: () => verifyAudit(db.withTables<AuditTables>()) };
}

const entry = (n: number, object = "model/bikes") => ({
  time: n,
  actor: "ada",
  action: "registry.alias_moved",
  object,
  reason: `reason ${n} \u2028 "quoted"`,
  details: { from: n, to: n + 1, absent: undefined, list: [1.5, null, "é"] },
});

const append = async (db: Database, count: number): Promise<void> => {
  for (let n = 1; n <= count; n++) await db.transaction().execute((transaction) => appendAudit(transaction as unknown as Database, entry(n)));
};

test("an untouched chain verifies, an empty one too", async () => {
  const { db, verify } = await openAudit();
  expect(await verify()).toBeUndefined();
  await append(db, 5);
  expect(await verify()).toBeUndefined();
});

test.each([
  ["the reason of an entry", sql`update audit_log set reason = 'another' where seq = 3`, 3],
  ["a number in the details", sql`update audit_log set details = replace(details, '"to":4', '"to":9') where seq = 3`, 3],
  ["the time", sql`update audit_log set time = 0 where seq = 2`, 2],
  ["the actor", sql`update audit_log set actor = 'eve' where seq = 1`, 1],
  ["an entry that is taken out", sql`delete from audit_log where seq = 2`, 3],
  ["two entries that change places", sql`update audit_log set seq = case seq when 2 then 3 else 2 end + 100 where seq in (2, 3)`, 4],
])("tampering shows: %s", async (_, statement, first) => {
  const { db, verify } = await openAudit();
  await append(db, 5);
  await statement.execute(db);
  expect(await verify()).toBe(first);
});

test("an entry rewritten with a hash of its own breaks the next one", async () => {
  const { db, verify } = await openAudit();
  await append(db, 2);
  const forged = await openAudit();
  await forged.db.transaction().execute((transaction) => appendAudit(transaction as unknown as Database, { ...entry(1), actor: "eve" }));
  const [fake] = await readAudit(forged.db);
  await sql`update audit_log set actor = 'eve', hash = ${fake.hash} where seq = 1`.execute(db);
  expect(await verify()).toBe(2);
});

test("entries are read newest first, of one object or all, without what was undefined", async () => {
  const { db } = await openAudit();
  await append(db, 3);
  await appendAudit(db, entry(4, "deployment/bikes"));
  expect((await readAudit(db)).map((one) => one.seq)).toEqual([4, 3, 2, 1]);
  expect((await readAudit(db, { limit: 2 })).map((one) => one.seq)).toEqual([4, 3]);
  const [only] = await readAudit(db, { object: "deployment/bikes" });
  expect(only).toMatchObject({ seq: 4, actor: "ada", details: { from: 4, to: 5, list: [1.5, null, "é"] } });
});

test("an entry goes with the transaction it stands in", async () => {
  const { db, verify } = await openAudit();
  await append(db, 1);
  const cancelled = db.transaction().execute(async (transaction) => {
    await appendAudit(transaction, entry(2));
    throw new Error("no");
  });
  await expect(cancelled).rejects.toThrow("no");
  expect(await readAudit(db)).toHaveLength(1);
  expect(await verify()).toBeUndefined();
});
