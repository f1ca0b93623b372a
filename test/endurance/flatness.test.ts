import { expect, test } from "vitest";
import { seededRandom } from "../../src/training/random.ts";
import { floors, studentQuantile, trendOf, type Sample } from "./flatness.ts";

test("quantiles of Student's t are those of the tables", () => {
  for (const [degrees, quantile] of [[4, 2.776], [5, 2.571], [10, 2.228], [30, 2.042], [120, 1.98]] as const) expect(studentQuantile(degrees)).toBeCloseTo(quantile, 2);
});

test("slope and interval are those of a hand calculation", () => {
  // Slope 8 / 10; residuals −0.4, 0.8, −1, 1.2, −0.6, which change their sign at each step and so count as they are; t(3) = 3.182; over a stretch of 4.
  const trend = trendOf([1, 3, 2, 5, 4].map((value, at) => ({ at, value })));
  const half = 3.182 * Math.sqrt(3.6 / 3 / 10);
  expect([trend.level, trend.rise]).toEqual([3, expect.closeTo(3.2)]);
  expect([trend.low, trend.high]).toEqual([expect.closeTo(4 * (0.8 - half), 1), expect.closeTo(4 * (0.8 + half), 1)]);
});

const walk = (rise: number, memory: number, seed: number): Sample[] => {
  const random = seededRandom(seed);
  let drift = 0;
  return Array.from({ length: 48 }, (_, at) => {
    drift = memory * drift + random() + random() - 1;
    return { at, value: 100 + (rise * at) / 47 + drift };
  });
};

test("what rises is told in nearly every draw, what stands still in few, also where samples follow each other", () => {
  const draws = Array.from({ length: 200 }, (_, seed) => seed);
  expect(draws.filter((seed) => trendOf(walk(5, 0, seed)).low > 0).length).toBeGreaterThan(195);
  // 2.5 % either side where samples stand for themselves.
  expect(draws.filter((seed) => trendOf(walk(0, 0, seed)).low > 0).length).toBeLessThan(14);
  expect(draws.filter((seed) => trendOf(walk(0, 0.7, seed)).low > 0).length).toBeLessThan(24);
});

test("the floors of a saw are its feet, without the time it grows in", () => {
  const saw = Array.from({ length: 1000 }, (_, at) => ({ at, value: (at < 400 ? at / 4 : 100) + (at % 20) }));
  expect(floors(saw, 0.4, 30).map(({ value }) => value)).toEqual(Array.from({ length: 30 }, () => 100));
});

test("too few samples are no trend", () => {
  expect(() => trendOf([])).toThrow(RangeError);
});
