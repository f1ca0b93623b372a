import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { jsonText } from "./json-text.ts";

test.each([
  ["plain", "x y"],
  ["with.dots", "dotted"],
  ['with "quotes"', null],
  ["number", "0.7"],
  ["whole", "5.0"],
  ["truth", "true"],
  ["list", '["a",1]'],
  ["nothing", null],
  ["not there", null],
])("the member %j of an object as text: %j", async (key, expected) => {
  const db = openDatabase(":memory:");
  const json = '{"attributes": {"plain": "x y", "with.dots": "dotted", "number": 0.7, "whole": 5.0, "truth": true, "list": ["a",1], "nothing": null}}';
  const { rows } = await sql<{ found: string | null }>`select ${jsonText(db, sql`${json}`, ["attributes", key])} as found`.execute(db);
  await db.destroy();
  expect(rows[0].found).toBe(expected);
});
