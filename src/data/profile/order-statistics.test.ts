import * as fc from "fast-check";
import { expect, test } from "vitest";
import { quantileOf } from "./number-statistics.ts";
import { quantilesOf } from "./order-statistics.ts";

const shares = [0, 0.1, 0.25, 0.5, 0.9, 1];

test("quantiles are those of the sorted values, whatever they are", () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -3, max: 3 }), fc.double({ min: 1e9, max: 1e9 + 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant(NaN) }), { minLength: 1, maxLength: 300 }), (values) => {
      const sorted = Float64Array.from(values.filter((one) => !Number.isNaN(one))).sort();
      const found = quantilesOf(Float64Array.from(values), shares);
      const expected = sorted.length === 0 ? [] : shares.map((share) => quantileOf(sorted, share) + 0);
      // Between −∞ and ∞ there is nothing to compare.
      expect(found.map((one, index) => (Number.isNaN(expected[index]) ? NaN : one + 0))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
