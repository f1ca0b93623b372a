import * as fc from "fast-check";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { openTestDatabase } from "./fixtures/open-test-database.ts";
import { likeExactly, likeInAnyCase } from "./like.ts";

const matches = async (text: string, pattern: string, like = likeExactly): Promise<boolean> => {
  const db = await opened;
  const { rows } = await sql<{ found: number | boolean }>`select ${like(db, sql`cast(${text} as text)`, pattern)} as found`.execute(db);
  return Boolean(rows[0].found);
};
const opened = openTestDatabase();
afterAll(async () => (await opened).destroy());

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
  ["a\\b", "a\\%", true],
])("%s like %s: %s", async (text, pattern, expected) => expect(await matches(text, pattern)).toBe(expected));

test.each([
  ["abc", "ABC", true],
  ["ABC", "a%", true],
  ["aXc", "a_C", true],
  ["Äb", "äB", false],
  ["Äb", "ÄB", true],
  ["a\\b", "A\\%", true],
  ["abc", "abd", false],
])("%s like %s in any case: %s", async (text, pattern, expected) => expect(await matches(text, pattern, likeInAnyCase)).toBe(expected));

test("a text without wildcards is like itself and nothing else", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "A", "*", "?", "[", "]", "^", "-", "é"), maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(text, text, async (one, other) => {
      expect(await matches(one, other)).toBe(one === other);
    }),
    { numRuns: 60, seed: 3 },
  );
});
