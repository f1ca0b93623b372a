import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Table } from "../data/types.ts";
import { heldOutRows, holdOut, weightsByAge } from "./holdout.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);

/** One row per entry: at that day (fractions are times of the day); the value tells the rows apart. */
const tableOf = (days: readonly number[]): Table => ({
  rows: days.length,
  columns: [
    { name: "at", type: "number", values: Float64Array.from(days, (day) => start + day * dayMs) },
    { name: "y", type: "number", values: Float64Array.from(days.keys(), (row) => row + 0.5) },
  ],
});

const daysOf = (table: Table): number[] => {
  const [at] = table.columns;
  return at?.type === "number" ? [...new Set(Array.from(at.values, (time) => Math.floor((time - start) / dayMs)))].sort((a, b) => a - b) : [];
};

const recent = (table: Table, since: number, days: number) => holdOut(table, "y", "regression", { by: "recent_days", column: "at", since: start + since * dayMs, days }, []);
const range = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, i) => from + i);

describe("recent days: every third, the newest kept for training", () => {
  test.each<[string, number[], number, number, number[]]>([
    ["of ten days, the 2nd, 5th and 8th newest", range(0, 10), 0, 14, [2, 5, 8]],
    ["no further back than asked", range(0, 30), 0, 6, [25, 28]],
    ["not before since", range(0, 10), 6, 14, [8]],
    ["a day that since cuts is not held out", range(0, 10), 7.5, 14, [8]],
    ["days without rows do not count", [0, 1, 2, 9, 20, 21], 0, 30, [1, 20]],
    ["two days: the older", [4, 5], 0, 14, [4]],
    ["a single day since then: that one", range(0, 10), 9, 14, [9]],
    ["a newest day that has only begun is not counted, and kept for training", [0, 0.2, 0.4, 0.6, 1, 1.2, 1.4, 1.6, 2, 2.2, 2.4, 2.6, 3], 0, 14, [1]],
    ["all rows of a day go together", [1, 1.2, 1.9, 2, 2.5, 3], 0, 14, [2]],
  ])("%s", (_, days, since, back, held) => {
    const table = tableOf(days);
    const { train, test: tested } = recent(table, since, back);
    expect(daysOf(tested)).toEqual(held);
    expect(train.rows + tested.rows).toBe(table.rows);
    expect(daysOf(train).filter((day) => held.includes(day))).toEqual([]);
  });

  test("nothing since then is said", () => {
    expect(() => recent(tableOf([1, 2]), 3, 14)).toThrow(expect.objectContaining({ code: "training.nothing_to_hold_out", status: 400 }) as Error);
  });

  test("never before since, and the newest day stays unless it is alone", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 1, maxLength: 60 }), fc.integer({ min: 0, max: 240 }).map((quarters) => quarters / 4), fc.integer({ min: 1, max: 30 }), (days, since, back) => {
        const newest = Math.max(...days.map(Math.floor));
        if (newest < since || newest < Math.ceil(since)) return;
        const held = daysOf(recent(tableOf(days), since, back).test);
        expect(held.length).toBeGreaterThan(0);
        for (const day of held) expect(day >= since && day > newest - back).toBe(true);
        if (held.length > 1) expect(held).not.toContain(newest);
      }),
    );
  });
});

test("by time: the last rows", () => {
  const { train, test: tested } = holdOut(tableOf(range(0, 10)), "y", "regression", { by: "time", column: "at", test: 0.2 }, []);
  expect([daysOf(train), daysOf(tested)]).toEqual([range(0, 8), [8, 9]]);
});

test("a number to predict is held out at random, whatever was said about strata: its values are no classes", () => {
  const table = tableOf(range(0, 400));
  const { train, test: tested } = holdOut(table, "y", "regression", { by: "random", test: 0.2, stratify: true, seed: 1 }, []);
  expect(tested.rows).toBeGreaterThan(50);
  expect(tested.rows).toBeLessThan(110);
  expect(train.rows + tested.rows).toBe(400);
});

test("classes are held out each in its share", () => {
  const table: Table = { rows: 100, columns: [{ name: "y", type: "category", codes: Int32Array.from({ length: 100 }, (_, row) => (row < 10 ? 1 : 0)), dictionary: ["no", "yes"] }] };
  const { test: tested } = holdOut(table, "y", "binary", { by: "random", test: 0.2, stratify: true, seed: 1 }, []);
  const [y] = tested.columns;
  expect([tested.rows, y?.type === "category" && y.codes.filter((code) => code === 1).length]).toEqual([20, 2]);
});

test("nothing held out", () => {
  const { train, test: tested } = holdOut(tableOf([1, 2]), "y", "regression", { by: "none" }, []);
  expect([train.rows, tested.rows]).toEqual([2, 0]);
});

test("a column without points in time is said", () => {
  const table: Table = { rows: 1, columns: [{ name: "at", type: "category", codes: Int32Array.of(0), dictionary: ["monday"] }] };
  expect(() => holdOut(table, "y", "regression", { by: "time", column: "at", test: 0.2 }, [])).toThrow(expect.objectContaining({ code: "training.no_time" }) as Error);
});

test("a split at random is that of its own table, columns and settings, whatever was split before", () => {
  const doubled = tableOf([...range(0, 40), ...range(0, 40)]);
  const same: Table = { ...doubled, columns: doubled.columns.map((column, at) => (at === 1 ? { name: "y", type: "number", values: Float64Array.from(doubled.columns[0].type === "number" ? doubled.columns[0].values : []) } : column)) };
  const held = (table: Table, seed: number, features: string[], columns = table.columns): number[] => [...heldOutRows({ ...table, columns }, "y", "regression", { by: "random", test: 0.3, stratify: false, seed }, features).test];
  const [first, seed2, withTime, twins] = [held(doubled, 1, []), held(doubled, 2, []), held(doubled, 1, ["at"]), held(same, 1, ["at"])];
  expect(held(doubled, 1, ["at"], [...doubled.columns].reverse())).toEqual(withTime);
  expect([held(doubled, 1, []), held(doubled, 2, []), held(same, 1, ["at"])]).toEqual([first, seed2, twins]);
  expect(seed2).not.toEqual(first);
  // Equal rows stay together where whole rows are equal.
  expect(twins.filter((row) => row < 40)).toEqual(twins.filter((row) => row >= 40).map((row) => row - 40));
  expect(withTime.filter((row) => row < 40)).not.toEqual(withTime.filter((row) => row >= 40).map((row) => row - 40));
});

test("rows that are a half-life older weigh half, those without a time as the oldest", () => {
  expect([...weightsByAge(Float64Array.of(100, 90, 80, NaN, 60), 10)]).toEqual([1, 0.5, 0.25, 1 / 16, 1 / 16]);
});
