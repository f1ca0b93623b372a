import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openTestDatabase, testDatabase } from "../../src/storage/fixtures/open-test-database.ts";
import { tableNames } from "../../src/storage/dialect.ts";
import { liveIn, logRun, predict } from "../lived-in-home.ts";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { runUntilKilled } from "../faults/kill-points.ts";

/** Every row of every table as PostgreSQL writes it, in order. */
async function rowsOf(file: string): Promise<Record<string, string[]>> {
  const db = await openTestDatabase(file);
  onTestFinished(() => db.destroy());
  const rows: Record<string, string[]> = {};
  for (const table of await tableNames(db)) rows[table] = (await sql<{ row: string }>`select t::text as row from ${sql.table(table)} t`.execute(db)).rows.map(({ row }) => row).toSorted();
  return rows;
}

test("a home on PostgreSQL is looked over, backed up under writers, and comes back row by row into an empty database", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const from = (await testDatabase(join(home, "millrace.db")))!;
  const server = await startMillrace(home);
  const { run, notes } = await liveIn(server, folder);
  await predict(server.url, 5);
  const healthy = await millrace(["doctor", "--full", "--home", home, "--database", from]);
  expect([healthy.code, healthy.out]).toEqual([0, expect.stringMatching(/is whole\.\nLooked at \d+ tables/)]);
  let writing = true;
  const writer = (async () => {
    for (let at = 0; writing; at++) await logRun(server.url, `meanwhile ${at}`);
  })();
  const place = join(folder, "backups");
  const under = await millrace(["backup", place, "--home", home, "--database", from, "--json"]);
  writing = false;
  await writer;
  expect([under.code, JSON.parse(under.out)]).toEqual([0, expect.objectContaining({ missing: [] })]);
  const quiet = await millrace(["backup", place, "--home", home, "--database", from, "--json"]);
  const { id } = JSON.parse(quiet.out) as { id: string };
  server.child.kill("SIGTERM");
  await server.exited;

  const restored = join(folder, "restored");
  const to = (await testDatabase(join(restored, "millrace.db")))!;
  expect((await millrace(["restore", place, "--home", restored])).err).toMatch(/is of a PostgreSQL database: make an empty one/);
  const done = await millrace(["restore", place, "--at", id, "--home", restored, "--database", to]);
  expect([done.code, done.err]).toEqual([0, ""]);
  const [before, after] = [await rowsOf(join(home, "millrace.db")), await rowsOf(join(restored, "millrace.db"))];
  expect(after["schema_migrations"].map((row) => row.split(",")[0])).toEqual(before["schema_migrations"].map((row) => row.split(",")[0]));
  expect({ ...after, schema_migrations: [] }).toEqual({ ...before, schema_migrations: [] });
  const again = join(folder, "again");
  expect(await millrace(["restore", place, "--home", again, "--database", to])).toMatchObject({ code: 5, err: expect.stringMatching(/The database has tables already/) as string });

  const second = await startMillrace(restored);
  expect(await (await fetch(`${second.url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/notes.txt`)).text()).toBe(notes);
  await predict(second.url, 1);
  // What the database counts up goes on after what was there.
  await logRun(second.url, "afterwards");
  expect((await millrace(["doctor", "--full", "--home", restored, "--database", to])).code).toBe(0);
});

test("kill -9 in a backup and in a restore of a home on PostgreSQL: what is half there counts for nothing, and the same command ends it", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const from = (await testDatabase(join(home, "millrace.db")))!;
  const server = await startMillrace(home);
  for (let at = 0; at < 20; at++) await logRun(server.url, `run ${at}`);
  server.child.kill("SIGTERM");
  await server.exited;
  const place = join(folder, "backups");
  const backUp = ["backup", place, "--home", home, "--database", from];
  for (const at of ["^before rename \\S+ \\S+/contents/", "^after rename \\S+ \\S+/contents/", "^before rename \\S+ \\S+/moments/"]) {
    await runUntilKilled(folder, { within: "main.ts backup", at }, backUp);
    expect(readdirSync(join(place, "moments")).filter((name) => name.endsWith(".json"))).toEqual([]);
  }
  expect((await millrace(backUp)).code).toBe(0);
  expect((await millrace(["backup", place, "--verify"])).code).toBe(0);
  const restored = join(folder, "restored");
  const to = (await testDatabase(join(restored, "millrace.db")))!;
  const restore = ["restore", place, "--home", restored, "--database", to];
  // Amid the rows, which are in one transaction; and when they are there, and the home is not yet.
  for (const point of [{ at: "^before readFile \\S+/contents/", after: 3 }, { at: "^before rm \\S+/restoring.json" }]) {
    await runUntilKilled(folder, { within: "main.ts restore", ...point }, restore);
    expect(existsSync(join(restored, "restoring.json"))).toBe(true);
    expect((await millrace(["up", "--home", restored, "--port", "0", "--gateway-port", "0"])).err).toMatch(/was not restored to the end/);
  }
  const done = await millrace(restore);
  expect([done.code, done.err]).toEqual([0, ""]);
  const [before, after] = [await rowsOf(join(home, "millrace.db")), await rowsOf(join(restored, "millrace.db"))];
  expect({ ...after, schema_migrations: [] }).toEqual({ ...before, schema_migrations: [] });
});
