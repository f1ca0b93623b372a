import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findLinearRelation } from "./linear-relation.ts";

const matrix = fc.array(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 80, maxLength: 80 }), { minLength: 5, maxLength: 5 });

test("any exact combination of two of five columns is found with its coefficients", () => {
  fc.assert(
    fc.property(matrix, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: -1 }), fc.integer({ min: -50, max: 50 }), (drawn, p, q, constant) => {
      const columns = drawn.map((values) => Float64Array.from(values));
      fc.pre(columns.every((values) => new Set(values).size > 20));
      const target = columns[1].map((value, row) => p * value + q * columns[3][row] + constant);
      const relation = findLinearRelation(columns, target, 8);
      expect(relation?.columns).toEqual([1, 3]);
      expect(relation?.coefficients[0]).toBeCloseTo(p, 6);
      expect(relation?.coefficients[1]).toBeCloseTo(q, 6);
      expect(relation?.intercept).toBeCloseTo(constant, 3);
    }),
    { numRuns: 50 },
  );
});

test("nothing is claimed of noise, of few rows, of a constant target or of too large a group", () => {
  const columns = Array.from({ length: 4 }, (_, column) => Float64Array.from({ length: 100 }, (_, row) => Math.sin(row * (column + 1.3) * 7.7)));
  const sum = columns[0].map((value, row) => value + columns[1][row] + columns[2][row]);
  expect(findLinearRelation(columns, sum, 3)?.columns).toEqual([0, 1, 2]);
  expect(findLinearRelation(columns, sum, 2)).toBeUndefined();
  expect(findLinearRelation(columns, sum.map((value, row) => value + 0.02 * Math.cos(row * 31)), 3)).toBeUndefined();
  expect(findLinearRelation(columns, new Float64Array(100).fill(3), 3)).toBeUndefined();
  expect(findLinearRelation(columns.map((values) => values.subarray(0, 40)), sum.subarray(0, 40), 3)).toBeUndefined();
  expect(findLinearRelation([], sum, 3)).toBeUndefined();
});
