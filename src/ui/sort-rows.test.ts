import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sortRows } from "./sort-rows.ts";

const values = (rows: readonly (number | string | null)[], descending: boolean): (number | string | null)[] => sortRows(rows, (row) => row, descending);

test("numbers by size, names as people count, missing last either way", () => {
  expect(values([3, null, 20, 1], false)).toEqual([1, 3, 20, null]);
  expect(values([3, null, 20, 1], true)).toEqual([20, 3, 1, null]);
  expect(values(["v10", "v9", "v1"], false)).toEqual(["v1", "v9", "v10"]);
  expect(values([Number.NaN, 2, 1], true)).toEqual([2, 1, Number.NaN]);
});

test("sorting keeps every row and the order of equal ones", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: fc.option(fc.integer({ min: 0, max: 5 })), at: fc.nat() })), fc.boolean(), (rows, descending) => {
      const numbered = rows.map((row, index) => ({ ...row, at: index }));
      const sorted = sortRows(numbered, (row) => row.key, descending);
      expect(new Set(sorted)).toEqual(new Set(numbered));
      expect(sorted.filter((row, index) => index > 0 && row.key === sorted[index - 1].key && row.at < sorted[index - 1].at)).toEqual([]);
    }),
  );
});
