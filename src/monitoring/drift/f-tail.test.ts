import { expect, test } from "vitest";
import { chiSquareTail } from "./chi-square.ts";
import { fTail } from "./f-tail.ts";

// SciPy 1.17.1: scipy.stats.f.sf.
test.each([
  [3.1, 2, 7, 0.10860113917683453],
  [0.4, 5.5, 30, 0.8599580869812431],
  [12, 1.3, 8.7, 0.005449394507597633],
  [1, 100, 250, 0.4904550969144912],
  [250, 1, 6, 4.059180181043864e-6],
])("the tail of F from %d with %d and %d degrees of freedom", (x, a, b, tail) => expect(Math.abs(fTail(x, a, b) / tail - 1)).toBeLessThan(1e-9));

test("with endless degrees below, it is that of chi-square", () => expect(fTail(3, 4, 1e9)).toBeCloseTo(chiSquareTail(12, 4), 6));

test("all of it lies above 0, and degrees must be", () => {
  expect(fTail(0, 2, 3)).toBe(1);
  expect(() => fTail(1, 0, 3)).toThrow(RangeError);
});
