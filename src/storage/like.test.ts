import * as fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { likeExactly } from "./like.ts";

const matches = async (text: string, pattern: string): Promise<boolean> => {
  const db = openDatabase(":memory:");
  const { rows } = await sql<{ found: number }>`select ${likeExactly(db, sql`${text}`, pattern)} as found`.execute(db);
  await db.destroy();
  return rows[0].found === 1;
};

test.each([
  ["abc", "abc", true],
  ["abc", "ABC", false],
  ["abc", "a%", true],
  ["abc", "%c", true],
  ["abc", "a_c", true],
  ["abc", "a_", false],
  ["a*c", "a*c", true],
  ["abc", "a*c", false],
  ["a[b]c", "a[b]c", true],
  ["a?c", "a?c", true],
  ["abc", "a?c", false],
  ["", "%", true],
])("%s like %s: %s", async (text, pattern, expected) => expect(await matches(text, pattern)).toBe(expected));

test("a text without wildcards is like itself and nothing else", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "A", "*", "?", "[", "]", "^", "-", "é"), maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(text, text, async (one, other) => {
      expect(await matches(one, other)).toBe(one === other);
    }),
    { numRuns: 60, seed: 3 },
  );
});
