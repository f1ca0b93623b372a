import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { stages } from "../src/stages.ts";
import { auditMigrations } from "../src/storage/audit.ts";
import { onPostgres, openTestDatabase } from "../src/storage/fixtures/open-test-database.ts";
import { artifactStoreMigration } from "../src/storage/claim-artifacts.ts";
import { migrate } from "../src/storage/migrations.ts";
import { rooms } from "./import-rules.ts";

test("the rooms' own migrations run, and their names are unique and in order", async () => {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  const rooms = [{ name: "storage", migrations: [...auditMigrations, artifactStoreMigration] }, ...stages];
  const applied = await migrate(db, rooms, 1);
  expect(new Set(applied).size).toBe(applied.length);
  expect(applied.length).toBeGreaterThan(6);
  for (const room of rooms) {
    const names = (room.migrations ?? []).map((migration) => migration.name);
    expect(names).toEqual([...names].sort());
    for (const name of names) expect(name).toMatch(/^\d{4}-[a-z0-9-]+$/);
  }
});

test.runIf(onPostgres)("all texts are compared by their bytes, as on SQLite", async () => {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  await migrate(db, [{ name: "storage", migrations: [...auditMigrations, artifactStoreMigration] }, ...stages], 1);
  const { rows } = await sql<{ collation: string }>`
    select distinct coalesce(collation_name, 'default') as collation from information_schema.columns where table_schema = current_schema() and data_type = 'text'`.execute(db);
  expect(rows).toEqual([{ collation: "C" }]);
});

test("the rooms stand in the order of a model's life, the engine after them", () => {
  expect(stages.map((stage) => stage.name)).toEqual([...rooms, "pipelines"]);
});

test("steps, events and tables carry the name of their room", () => {
  for (const stage of stages) {
    for (const step of stage.steps ?? []) expect(step.name).toMatch(new RegExp(`^${stage.name}\\.[a-z_]+$`));
    for (const event of Object.keys(stage.events ?? {})) expect(event).toMatch(new RegExp(`^${stage.name}\\.[a-z_]+$`));
    expect(stage.purpose).not.toBe("");
  }
  const names = stages.flatMap((stage) => stage.steps ?? []).map((step) => step.name);
  expect(new Set(names).size).toBe(names.length);
});
