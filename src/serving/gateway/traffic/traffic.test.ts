import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pickVariant, seedOf } from "./traffic.ts";

const shares = (weights: Readonly<Record<string, number>>) =>
  Object.entries(weights).map(([name, weight]) => ({ name, weight, seed: seedOf(name) }));
const picks = (weights: Readonly<Record<string, number>>, salt: string, keys: readonly string[]) => {
  const variants = shares(weights);
  return keys.map((key) => pickVariant(variants, salt, key).name);
};
const users = Array.from({ length: 20_000 }, (_, index) => `user ${index}`);
const chiSquare = (counts: readonly number[], expected: readonly number[]) =>
  counts.reduce((sum, count, index) => sum + (count - expected[index]) ** 2 / expected[index], 0);

/** Weights that sum to 1, of two to five variants. */
const split = fc
  .array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 })
  .filter((parts) => parts.some((part) => part > 0))
  .map((parts) => Object.fromEntries(parts.map((part, index) => [`v${index}`, part / parts.reduce((a, b) => a + b, 0)])));

describe("traffic", () => {
  test("the pick depends on salt, key and weights alone, not on the order, and never falls on weight 0", () => {
    fc.assert(
      fc.property(split, fc.string(), fc.string(), (weights, salt, key) => {
        const picked = pickVariant(shares(weights), salt, key);
        expect(picked.weight).toBeGreaterThan(0);
        expect(pickVariant(shares(weights).toReversed(), salt, key).name).toBe(picked.name);
      }),
    );
  });

  test.each([
    [{ champion: 0.9, challenger: 0.1 }],
    [{ a: 0.5, b: 0.3, c: 0.2 }],
    [{ a: 0.25, b: 0.25, c: 0.25, d: 0.25 }],
    [{ a: 0.99, b: 0.01 }],
  ])("every variant of %j gets its share: a chi-square test over 20000 users", (weights) => {
    const picked = picks(weights, "salt", users);
    const counts = Object.keys(weights).map((name) => picked.filter((one) => one === name).length);
    const expected = Object.values(weights).map((weight) => weight * users.length);
    expect(chiSquare(counts, expected)).toBeLessThan(16.3); // 0.999 quantile with 3 degrees of freedom, fewer have less
  });

  test("when one share grows, users move into it only; when it shrinks, out of it only", () => {
    fc.assert(
      fc.property(split, fc.double({ min: 0.01, max: 0.9, noNaN: true }), (weights, more) => {
        const [grown] = Object.keys(weights);
        const rest = 1 - weights[grown];
        fc.pre(rest > 0);
        // What grows takes from all others in proportion: their odds among each other stay.
        const left = rest * (1 - more);
        const after = Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, name === grown ? 1 - left : (weight / rest) * left]));
        const keys = users.slice(0, 300);
        const [before, then] = [picks(weights, "s", keys), picks(after, "s", keys)];
        const moved = then.filter((name, index) => name !== before[index]);
        expect(moved.filter((name) => name !== grown)).toEqual([]);
      }),
    );
  });

  test("from 10 % to 20 % to 50 % of two variants nobody leaves the challenger", () => {
    const stays = (share: number) => new Set(users.filter((_, index) => picks({ champion: 1 - share, challenger: share }, "s", [users[index]])[0] === "challenger"));
    const [ten, twenty, fifty] = [stays(0.1), stays(0.2), stays(0.5)];
    expect([[...ten].every((user) => twenty.has(user)), [...twenty].every((user) => fifty.has(user))]).toEqual([true, true]);
    expect(fifty.size).toBeGreaterThan(twenty.size);
  });

  test("a variant that goes gives its users away and moves nobody else", () => {
    const before = picks({ a: 0.4, b: 0.4, c: 0.2 }, "s", users);
    const after = picks({ a: 0.5, b: 0.5, c: 0 }, "s", users);
    expect(after.every((name, index) => before[index] === "c" || name === before[index])).toBe(true);
    const heirs = after.filter((_, index) => before[index] === "c");
    expect(heirs.filter((name) => name === "a").length / heirs.length).toBeCloseTo(0.5, 1);
  });

  test("two salts deal the users independently", () => {
    const half = { a: 0.5, b: 0.5 };
    const [one, other] = [picks(half, "one", users), picks(half, "other", users)];
    expect(one.filter((name, index) => name === "a" && other[index] === "a").length / users.length).toBeCloseTo(0.25, 1.5);
  });

  test("a salt and a key that swap characters are not the same", () => {
    const even = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`v${index}`, 1 / 16]));
    const swapped = users.filter((user) => picks(even, `s${user}`, ["x"])[0] === picks(even, "s", [`${user}x`])[0]);
    expect(swapped.length / users.length).toBeCloseTo(1 / 16, 1);
  });
});
