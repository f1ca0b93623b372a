import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pickVariant, position } from "./traffic.ts";

describe("traffic", () => {
  test("a position depends on salt and key alone and lies in [0, 1)", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (salt, key) => {
        const at = position(salt, key);
        expect(at).toBe(position(salt, key));
        expect(at >= 0 && at < 1).toBe(true);
      }),
    );
  });

  test("positions are uniform: 20 bins of 20000 keys pass a chi-square test", () => {
    const bins = Array.from({ length: 20 }, () => 0);
    for (let i = 0; i < 20_000; i++) bins[Math.floor(position("salt", `user ${i}`) * 20)]++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(43.8); // 0.999 quantile with 19 degrees of freedom
  });

  test("two salts deal the keys independently", () => {
    let both = 0;
    for (let i = 0; i < 10_000; i++) both += Number(position("a", `${i}`) < 0.5 && position("b", `${i}`) < 0.5);
    expect(both / 10_000).toBeCloseTo(0.25, 1.5);
  });

  test("a salt and a key that swap characters are not the same", () => {
    expect(position("ab", "c")).not.toBe(position("a", "bc"));
  });

  test("the variant whose share holds the position is picked, never one of weight 0", () => {
    const variants = [
      { name: "zero", weight: 0 },
      { name: "a", weight: 0.25 },
      { name: "none", weight: 0 },
      { name: "b", weight: 0.75 },
    ];
    const picked = (at: number) => pickVariant(variants, at).name;
    expect([picked(0), picked(0.2499), picked(0.25), picked(0.9999)]).toEqual(["a", "a", "b", "b"]);
    expect(pickVariant([{ weight: 0.3 }, { weight: 0.6999999 }, { weight: 0 }], 0.99999999)).toEqual({
      weight: 0.6999999,
    });
  });
});
