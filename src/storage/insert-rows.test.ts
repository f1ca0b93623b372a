import { expect, test } from "vitest";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { insertRows } from "./insert-rows.ts";

test.each([0, 1, 3, 5000, 12_345])("%d rows arrive", async (count) => {
  const untyped = await openTestDatabase();
  const db = untyped.withTables<{ numbers: { id: number; text: string | null } }>();
  await db.schema.createTable("numbers").addColumn("id", "integer", (column) => column.primaryKey()).addColumn("text", "text").execute();
  const rows = Array.from({ length: count }, (_, id): [number, string | null] => [id, id % 2 === 0 ? null : `no. ${id}`]);
  await insertRows(untyped, "numbers", ["id", "text"], rows);
  await insertRows(untyped, "numbers", ["id", "text"], rows, "on conflict do nothing");
  expect((await db.selectFrom("numbers").selectAll().orderBy("id").execute()).map(({ id, text }) => [id, text])).toEqual(rows);
  await db.destroy();
});
