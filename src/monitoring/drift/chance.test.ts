import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adjustForMany, chanceOf } from "./chance.ts";
import { chiSquareTail, logGamma } from "./chi-square.ts";
import { fTail } from "./f-tail.ts";
import { seededRandom } from "../../training/random.ts";
import type { Spread } from "./spread.ts";

// SciPy 1.17.1: scipy.stats.chi2.sf.
test.each([
  [0.5, 1, 0.47950012218695337],
  [3.84, 1, 0.05004352124870519],
  [30, 10, 0.000856641210775301],
  [5, 10, 0.8911780189141513],
  [200, 50, 7.857610724654791e-20],
  [9.5, 3, 0.023331360430831553],
  [800, 51, 3.72004075595473e-135],
])("the tail of chi-square from %d with %d degrees of freedom", (x, df, tail) => {
  expect(Math.abs(chiSquareTail(x, df) / tail - 1)).toBeLessThan(1e-11);
});

test("the logarithm of the gamma function: factorials", () => {
  expect([1, 2, 5, 11].map((x) => logGamma(x))).toEqual([0, 0, Math.log(24), Math.log(3628800)].map((value) => expect.closeTo(value, 12)));
});

describe("chance", () => {
  test("two samples of three bins", () => {
    // SciPy 1.17.1: chi2_contingency([[300, 500, 200], [30, 70, 20]], correction=False).pvalue, doubled for the two tests.
    expect(chanceOf([300, 500, 200], [30, 70, 20])).toBeCloseTo(2 * 0.2256951893767672, 12);
  });

  test("three of 120 rows where the reference has none of 800", () => {
    // SciPy 1.17.1: hypergeom.pmf(3, 920, 3, 120), doubled for the two tests.
    expect(chanceOf([800, 0], [117, 3])).toBeCloseTo(2 * 0.002171021852149732, 12);
  });

  test.each<[string, number[], number[]]>([
    ["an empty window", [10, 20], [0, 0]],
    ["one bin", [1000], [50]],
    ["bins that are all too small", [1, 1, 1], [1, 0, 1]],
  ])("%s tells nothing", (_, reference, window) => expect(chanceOf(reference, window)).toBe(1));

  test("windows of the reference's own distribution differ so much as often as said: 45 levels, 120 rows, 20 000 in the reference", () => {
    // A linear congruential generator (Numerical Recipes' ranqd1), so that the test is the same everywhere.
    let state = 1;
    const level = (): number => Math.floor(((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32) * 45);
    const sample = (rows: number): number[] => {
      const counts = Array.from({ length: 45 }, () => 0);
      for (let row = 0; row < rows; row++) counts[level()]++;
      return counts;
    };
    const reference = sample(20_000);
    const chances = Array.from({ length: 2000 }, () => chanceOf(reference, sample(120)));
    for (const rate of [0.01, 0.05, 0.2]) {
      const found = chances.filter((chance) => chance <= rate).length / chances.length;
      expect(found).toBeLessThan(rate + 3 * Math.sqrt((rate * (1 - rate)) / 2000));
    }
    // And a level that takes a fifth of the rows is seen.
    const moved = sample(96);
    moved[3] += 24;
    expect(chanceOf(reference, moved)).toBeLessThan(1e-6);
  });

  test("few rows are held to the stated rate, too: ten bins, 24 rows, 1344 in the reference", () => {
    const random = seededRandom(2);
    const sample = (rows: number): number[] => {
      const counts = Array.from({ length: 10 }, () => 0);
      for (let row = 0; row < rows; row++) counts[Math.floor(random() * 10)]++;
      return counts;
    };
    const reference = sample(1344);
    const found = Array.from({ length: 4000 }, () => chanceOf(reference, sample(24))).filter((chance) => chance <= 0.01).length;
    expect(found / 4000).toBeLessThan(0.01 + 3 * Math.sqrt(0.0099 / 4000));
  });

  test("where windows differ by themselves, a window must differ more: the more, the fewer of them are known", () => {
    const [reference, window] = [[500, 500], [150, 50]];
    const spread = (between: number, windows: number): Spread => ({ between, windows, freedom: 1, perRow: 0.006, rowFreedom: 1, largest: 1 });
    const bare = chanceOf(reference, window);
    expect(bare).toBeLessThan(1e-8);
    expect(chanceOf(reference, window, spread(0, 20))).toBe(bare);
    // Pearson’s statistic is (1/4)²/(13·11/576·0.006) by hand; its expectation 1 + 0.1/0.006: F with 1 and 20 degrees of freedom.
    expect(chanceOf(reference, window, spread(0.1, 20))).toBeCloseTo(2 * fTail(0.0625 / (((13 * 11) / 576) * 0.006) / (1 + 0.1 / 0.006), 1, 20), 9);
    expect(chanceOf(reference, window, spread(0.1, 4))).toBeGreaterThan(chanceOf(reference, window, spread(0.1, 20)));
  });

  test("it lies in [0, 1]", () => {
    const bins = fc.array(fc.tuple(fc.nat(500), fc.nat(500)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(bins, (counts) => {
        const chance = chanceOf(counts.map(([r]) => r), counts.map(([, w]) => w));
        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
      }),
    );
  });
});

// SciPy 1.17.1: false_discovery_control([.01, .04, .03, .005, .5]).
test("adjusted for many features", () => expect(adjustForMany([0.01, 0.04, 0.03, 0.005, 0.5])).toEqual([0.025, 0.05, 0.05, 0.025, 0.5].map((value) => expect.closeTo(value, 12))));
