import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CategoryColumn, NumberColumn } from "../../data/types.ts";
import { binRows } from "./binned-table.ts";
import { categoryBins, numberBins } from "./bins.ts";

const numbers = (values: readonly number[]): NumberColumn => ({
  name: "x",
  type: "number",
  values: Float64Array.from(values),
});
const categories = (values: readonly string[]): CategoryColumn => {
  const dictionary = [...new Set(values)];
  return {
    name: "c",
    type: "category",
    dictionary,
    codes: Int32Array.from(values, (value) => dictionary.indexOf(value)),
  };
};
const binned = (values: readonly number[], maxBins: number): number[] => [
  ...binRows([numbers(values)], [numberBins(numbers(values), maxBins)], 0, values.length).data,
];

describe("numbers", () => {
  test.each([
    ["few values have a bin each", [3, 1, 2, 1], 255, [2, 0, 1, 0]],
    ["a missing value has the last bin", [5, NaN, 6], 255, [0, 2, 1]],
    ["an empty column has one bin and the missing one", [NaN, NaN], 255, [1, 1]],
    ["infinite values are values", [Infinity, 0, -Infinity], 255, [2, 1, 0]],
    ["values that are one as float32 are one", [1, 1 + 1e-12, 2], 255, [0, 0, 1]],
    ["many values share bins of equal counts", [1, 2, 3, 4, 5, 6], 3, [0, 0, 1, 1, 2, 2]],
    ["a value that fills a bin has it to itself", [1, 1, 1, 1, 1, 2, 3, 4], 3, [0, 0, 0, 0, 0, 1, 1, 2]],
  ])("%s", (_, values, maxBins, expected) => {
    expect(binned(values, maxBins)).toEqual(expected);
  });

  test("a value's bin says exactly which edges it does not exceed", () => {
    const value = fc.oneof(
      fc.double(),
      fc.float(),
      fc.integer({ min: -5, max: 5 }),
      fc.constantFrom(1, Math.fround(1 + 2 ** -23), 3.4e38, -0, 1e-45),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 255 }),
        (values, maxBins) => {
          const { edges, count, hasMissing } = numberBins(numbers(values), maxBins);
          expect(count).toBeLessThanOrEqual(maxBins);
          expect(edges.every((edge, i) => i === 0 || edges[i - 1] < edge)).toBe(true);
          expect(hasMissing).toBe(values.some(Number.isNaN));
          binned(values, maxBins).forEach((bin, row) => {
            const expected = Number.isNaN(values[row])
              ? count
              : edges.filter((edge) => !(Math.fround(values[row]) <= edge)).length;
            expect(bin).toBe(expected);
          });
        },
      ),
    );
  });
});

describe("categories", () => {
  test("are ordered by count, and the rarest share the last bin", () => {
    const { binOf, count } = categoryBins(categories(["b", "a", "c", "c", "a", "c", "d", "e"]), 3);
    expect(count).toBe(3);
    expect(Object.fromEntries(binOf)).toEqual({ c: 0, a: 1, b: 2, d: 2, e: 2 });
  });

  test("missing, empty and unseen ones have the missing bin", () => {
    const bins = categoryBins(categories(["x", "y", "y", ""]), 255);
    expect(bins.hasMissing).toBe(true);
    const column: CategoryColumn = {
      name: "c",
      type: "category",
      codes: Int32Array.of(-1, 0, 1, 2, 3),
      dictionary: ["", "new", "x", "y"],
    };
    expect([...binRows([column], [bins], 0, 5).data]).toEqual([2, 2, 2, 1, 0]);
  });
});
