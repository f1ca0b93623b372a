import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { matchesExpression } from "./regular-expression.ts";

test.each([
  ["production-us", "^prod", true],
  ["production-us", "us-(east|west)", false],
  ["PRODUCTION", "prod", false],
  ["a\nb", "b$", true],
  [null, ".", false],
])("%j matches %s: %s", async (text, pattern, expected) => {
  const db = openDatabase(":memory:");
  const { rows } = await sql<{ found: number | null }>`select ${matchesExpression(db, sql`${text}`, pattern)} as found`.execute(db);
  await db.destroy();
  expect(rows[0].found === 1).toBe(expected);
});
