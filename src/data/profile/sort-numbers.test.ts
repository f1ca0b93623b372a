import * as fc from "fast-check";
import { expect, test } from "vitest";
import { distinctNumbers, orderOfNumbers, sortedNumbers } from "./sort-numbers.ts";

test("numbers of any kind come in order, few or many", () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -5, max: 5 }), fc.double({ min: 1e6, max: 1e6 + 1, noNaN: true }), fc.constantFrom(0, -0, Infinity, -Infinity, 5e-324, -5e-324));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), fc.constantFrom(1, 200), (some, times) => {
      const values = Float64Array.from({ length: some.length * times }, (_, at) => some[at % some.length]);
      const sorted = sortedNumbers(values);
      expect(sorted).toEqual(values.slice().sort());
      expect(orderOfNumbers(values)).toEqual(Uint32Array.from(values.keys()).sort((one, other) => (values[one] === values[other] ? 0 : values[one] - values[other])));
      expect(values).toEqual(Float64Array.from({ length: some.length * times }, (_, at) => some[at % some.length]));
    }),
    { numRuns: 200 },
  );
});

test("a hundred thousand distinct ones", () => {
  const values = Float64Array.from({ length: 100_000 }, (_, at) => Math.sin(at) * 10 ** ((at % 40) - 20));
  expect(sortedNumbers(values)).toEqual(values.slice().sort());
});

test.each<[string, number[], number]>([
  ["none", [], 0],
  ["gaps alone", [NaN, NaN], 0],
  ["zeros of both signs, infinities and gaps", [0, -0, Infinity, NaN, -Infinity, Infinity, 1.5], 4],
  ["more than the engine sorts", Array.from({ length: 10_000 }, (_, index) => (index * 7919) % 1234), 1234],
])("different numbers: %s", (_, values, distinct) => expect(distinctNumbers(Float64Array.from(values))).toBe(distinct));
