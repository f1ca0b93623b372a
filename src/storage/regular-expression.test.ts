import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { linearExpression, matchesExpression } from "./regular-expression.ts";

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

test("no pattern takes long, and what needs backtracking is refused", () => {
  const begun = process.cpuUsage();
  expect(linearExpression("(a+)+$").test(`${"a".repeat(20_000)}b`)).toBe(false);
  expect(process.cpuUsage(begun).user).toBeLessThan(5_000_000);
  for (const pattern of ["(a)\\1", "(?=a)b", "("]) expect(() => linearExpression(pattern)).toThrow(SyntaxError);
});
