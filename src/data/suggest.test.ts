import { describe, expect, test } from "vitest";
import { nearestNames } from "./column-names.ts";
import type { ColumnProfile } from "./profile/profile-types.ts";
import { suggestTimeColumn } from "./suggest-time.ts";
import { inferTask, suggestTarget, targetFacts } from "./suggest.ts";
import { columnType } from "./types.ts";
import type { DatasetColumn, StoredType, Table } from "./types.ts";

const column = (name: string, stored: StoredType = "BIGINT"): DatasetColumn => ({ name, stored, type: columnType(stored) });

test.each([
  ["instant dteday casual registered cnt", "cnt", "a usual name"],
  ["Class period nswprice", "Class", "a usual name"],
  ["price label", "label", "a usual name"],
  ["fare company tips miles", "tips", "a usual name"],
  ["column0 column1 column13", "column13", "the last column"],
])("target of %s", (names, target, reason) => {
  const suggestion = suggestTarget(names.split(" ").map((name) => column(name)));
  expect(suggestion.column).toBe(target);
  expect(suggestion.reason).toContain(reason);
});

test("a point in time is no target", () => {
  expect(suggestTarget([column("a"), column("day", "DATE")]).column).toBe("a");
  expect(() => suggestTarget([column("day", "DATE")])).toThrow(/nothing to predict/);
});

describe("task", () => {
  function profile(name: string, stored: StoredType, distinct: number): ColumnProfile {
    const counts = { name, stored, count: 1000, missing: 0, distinct };
    const type = columnType(stored);
    return type === "category" ? { ...counts, type, values: [], averageLength: 1 } : { ...counts, type, infinite: 0 };
  }

  test.each<[what: string, column: ColumnProfile, task: string]>([
    ["income as text", profile("column14", "VARCHAR", 2), "binary"],
    ["up or down as 0 and 1", profile("class", "BIGINT", 2), "binary"],
    ["two numbers", profile("x", "DOUBLE", 2), "binary"],
    ["a boolean", profile("x", "BOOLEAN", 2), "binary"],
    ["species", profile("species", "VARCHAR", 3), "multiclass"],
    ["three whole numbers", profile("x", "BIGINT", 3), "multiclass"],
    ["ten digits called so", profile("digit", "BIGINT", 10), "multiclass"],
    ["wine quality 3 to 8", profile("quality", "BIGINT", 6), "regression"],
    ["house prices", profile("column13", "DOUBLE", 229), "regression"],
    ["three fractions", profile("x", "DOUBLE", 3), "regression"],
    ["tips", profile("tips", "DOUBLE", 462), "regression"],
  ])("%s", (_, given, task) => {
    expect(inferTask(given).task).toBe(task);
  });

  test.each<[what: string, name: string, values: number[], task: string]>([
    ["ten digits, all as frequent", "target", Array.from({ length: 100 }, (_, row) => row % 10), "multiclass"],
    ["seven classes from 1", "y", Array.from({ length: 140 }, (_, row) => (row % 7) + 1), "multiclass"],
    ["a count, of which few are large", "target", Array.from({ length: 100 }, (_, row) => Math.floor(Math.sqrt(row)) % 10 ** (row % 2)), "regression"],
    ["a rating from 1 to 5", "rate_marriage", Array.from({ length: 100 }, (_, row) => (row % 5) + 1), "regression"],
    ["codes of five", "type", Array.from({ length: 100 }, (_, row) => (row % 5) + 1), "multiclass"],
  ])("of a column in memory: %s", (_, name, values, task) => {
    expect(inferTask(targetFacts(column(name), { name, type: "number", values: Float64Array.from(values) })).task).toBe(task);
  });

  test.each<[column: ColumnProfile, says: RegExp]>([
    [profile("x", "BIGINT", 1), /"x" cannot be a target: it has the same value in every row/],
    [profile("x", "VARCHAR", 0), /no value in any row/],
    [profile("x", "VARCHAR", 101), /101 distinct texts, and at most 100/],
    [profile("x", "DATE", 5), /points in time/],
  ])("%j cannot be a target", (given, says) => {
    expect(() => inferTask(given)).toThrow(says);
  });
});

describe("time column", () => {
  const table = (values: Record<string, number[]>): Table => ({
    rows: 6,
    columns: Object.entries(values).map(([name, list]) => ({ name, type: "number", values: Float64Array.from(list) })),
  });
  const ascending = [1e12, 1e12, 2e12, 3e12, 3e12, 4e12];
  const shuffled = [3e12, 1e12, 4e12, 1e12, 2e12, 1e12];

  test.each<[what: string, values: Record<string, number[]>, types: Record<string, StoredType>, found: string | undefined]>([
    ["a date in order", { n: ascending, day: ascending }, { n: "BIGINT", day: "DATE" }, "day"],
    ["a single date out of order", { n: ascending, day: shuffled }, { n: "BIGINT", day: "DATE" }, "day"],
    ["of two, the one in order", { birth: shuffled, seen: ascending }, { birth: "DATE", seen: "TIMESTAMP" }, "seen"],
    ["one date only", { day: ascending.map(() => 1e12) }, { day: "DATE" }, undefined],
    ["mostly missing", { day: [1e12, NaN, NaN, 2e12, NaN, NaN] }, { day: "DATE" }, undefined],
    ["years as pandas writes them beside gaps", { year: [1959, 1959, 1960, 1960, 1961, 1962] }, { year: "DOUBLE" }, "year"],
    ["the latest year first", { year: [2010, 2010, 2009, 2008, 2008, 2006] }, { year: "BIGINT" }, "year"],
    ["years that begin again with each block", { year: [2007, 2008, 2009, 2007, 2008, 2009] }, { year: "BIGINT" }, undefined],
    ["two years", { year: [1931, 1931, 1931, 1932, 1932, 1932] }, { year: "BIGINT" }, undefined],
    ["seconds since 1970 in order", { trip_timestamp: ascending.map((value) => value / 1000) }, { trip_timestamp: "BIGINT" }, "trip_timestamp"],
    ["seconds since 1970 out of order", { trip_timestamp: shuffled.map((value) => value / 1000) }, { trip_timestamp: "BIGINT" }, undefined],
    ["seconds of a trip", { trip_time: [1, 2, 3, 4, 5, 6] }, { trip_time: "BIGINT" }, undefined],
  ])("%s", (_, values, types, found) => {
    const columns = Object.entries(types).map(([name, stored]) => column(name, stored));
    expect(suggestTimeColumn(table(values), columns)?.column).toBe(found);
  });
});

test.each([
  ["Price", ["price", "area"], ["price"]],
  ["cont", ["cnt", "count", "season"], ["cnt", "count"]],
  ["temp", ["atemp", "hum", "temp"], ["temp", "atemp"]],
  ["tip", ["trip_miles", "tips", "company"], ["tips"]],
  ["zzz", ["price", "area"], []],
])("names near %s", (wanted, names, nearest) => {
  expect(nearestNames(wanted, names)).toEqual(nearest);
});
