import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { selectRows } from "./select-rows.ts";
import { splitAtRandom, splitByTime } from "./split.ts";
import type { Column } from "./types.ts";

const day = 86_400_000;
const shares = fc.double({ min: 0.05, max: 0.95, noNaN: true });
const all = (rows: number): number[] => Array.from({ length: rows }, (_, row) => row);

describe("by time", () => {
  test("the last fifth, whole days, whatever the order of rows", () => {
    const start = Date.parse("2011-01-01");
    const hours = Float64Array.from({ length: 240 }, (_, row) => start + ((row * 7) % 240) * 3_600_000);
    const split = splitByTime(hours, 0.21, { wholeDays: true });
    expect(new Date(split.boundary).toISOString()).toBe("2011-01-09T00:00:00.000Z");
    expect([split.train.length, split.test.length]).toEqual([192, 48]);
    expect(split.test.every((row) => hours[row] >= split.boundary)).toBe(true);
  });

  test("within the day when there is one only; a missing time is for training", () => {
    const split = splitByTime(Float64Array.from([5, 3, NaN, 1, 2, 4]), 0.4, { wholeDays: true });
    expect([[...split.train], [...split.test], split.boundary]).toEqual([[1, 2, 3, 4], [0, 5], 4]);
  });

  test("equal times cannot be split", () => {
    expect(() => splitByTime(Float64Array.from([7, 7, 7]), 0.2, { wholeDays: false })).toThrow(/same time/);
  });

  test("training is before testing, and both have rows", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 * day }), { minLength: 2, maxLength: 80 }), shares, fc.boolean(), (values, share, wholeDays) => {
        fc.pre(new Set(values).size > 1);
        const times = Float64Array.from(values);
        const { train, test } = splitByTime(times, share, { wholeDays });
        expect([...train, ...test].sort((one, other) => one - other)).toEqual(all(values.length));
        expect(Math.max(...[...train].map((row) => times[row]))).toBeLessThan(Math.min(...[...test].map((row) => times[row])));
      }),
    );
  });
});

describe("at random", () => {
  test("the rows of a seed never change, from one release to the next; another seed takes others", () => {
    expect([...splitAtRandom(20, 0.25, { seed: 1 }).test]).toEqual([5, 6, 7, 9, 16, 17, 19]);
    expect([...splitAtRandom(20, 0.25, { seed: 1 }).test]).not.toEqual([...splitAtRandom(20, 0.25, { seed: 2 }).test]);
  });

  test("rows that are added leave the others where they were", () => {
    const few = splitAtRandom(1000, 0.3, { seed: 7 }).test;
    const more = splitAtRandom(2000, 0.3, { seed: 7 }).test;
    expect(Array.from(more.filter((row) => row < 1000))).toEqual([...few]);
  });

  test("the share is kept to within four standard errors", () => {
    for (const seed of all(20)) {
      const share = splitAtRandom(10_000, 0.2, { seed }).test.length / 10_000;
      expect(Math.abs(share - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 10_000));
    }
  });

  test("every class keeps its share, rare ones a row on each side", () => {
    const classes: Column = { name: "y", type: "category", codes: Int32Array.from({ length: 1002 }, (_, row) => (row < 2 ? 1 : 0)), dictionary: ["a", "b"] };
    const { train, test } = splitAtRandom(1002, 0.2, { seed: 3, classes });
    expect([train.filter((row) => row < 2).length, test.filter((row) => row < 2).length]).toEqual([1, 1]);
    expect(test.filter((row) => row >= 2)).toHaveLength(200);
  });

  test("every row is on one side, and neither side is empty", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), shares, fc.integer(), fc.boolean(), (rows, share, seed, stratified) => {
        const classes: Column = { name: "y", type: "number", values: Float64Array.from(all(rows), (row) => row % 3) };
        const { train, test } = splitAtRandom(rows, share, stratified ? { seed, classes } : { seed });
        expect([...train, ...test].sort((one, other) => one - other)).toEqual(all(rows));
        expect(train.length * test.length).toBeGreaterThan(0);
      }),
    );
  });
});

test.each([0, 1, -0.2, Number.NaN])("a share of %s is refused", (share) => {
  expect(() => splitAtRandom(10, share, { seed: 1 })).toThrow(/between 0 and 1/);
  expect(() => splitByTime(Float64Array.from([1, 2]), share, { wholeDays: false })).toThrow(/between 0 and 1/);
});

test("selected rows keep their order and their dictionary", () => {
  const columns: Column[] = [
    { name: "n", type: "number", values: Float64Array.from([1, 2, 3]) },
    { name: "c", type: "category", codes: Int32Array.from([0, -1, 1]), dictionary: ["x", "y"] },
  ];
  expect(selectRows({ rows: 3, columns }, Uint32Array.from([2, 0]))).toEqual({
    rows: 2,
    columns: [
      { name: "n", type: "number", values: Float64Array.from([3, 1]) },
      { name: "c", type: "category", codes: Int32Array.from([1, 0]), dictionary: ["x", "y"] },
    ],
  });
});
