import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ingestObjects, type Row } from "../fixtures/ingest-objects.ts";
import { readTable } from "../read-table.ts";
import { columnProfiles, compareAll, joinProfile } from "./profile.ts";
import type { NumberProfile, Profile } from "./profile-types.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-profile-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function profileOf(rows: readonly Row[], options: { target?: string } = {}): Promise<Profile> {
  const { path, columns } = await ingestObjects(rows, join(folder, "table.parquet"));
  const table = await readTable(path);
  return joinProfile(columnProfiles({ table, columns }), compareAll(table, options.target));
}

const numbers = (values: readonly (number | null)[]): Row[] => values.map((x) => ({ x, keep: 1 }));

async function statisticsOf(values: readonly (number | null)[]) {
  return ((await profileOf(numbers(values))).columns[0] as NumberProfile).statistics;
}

test("1 to 5, as TFDV has it", async () => {
  const [column] = (await profileOf(numbers([1, 2, 3, 4, 5]))).columns as NumberProfile[];
  expect(column).toMatchObject({ count: 5, missing: 0, distinct: 5, infinite: 0, type: "number", stored: "BIGINT" });
  expect(column.statistics).toMatchObject({ min: 1, max: 5, mean: 3, zeros: 0 });
  expect(column.statistics?.std).toBeCloseTo(1.41421356, 8);
  // numpy.quantile(range(1, 6), q)
  expect(column.statistics?.quantiles).toEqual({ p01: 1.04, p05: expect.closeTo(1.2, 12) as number, p25: 2, p50: 3, p75: 4, p95: expect.closeTo(4.8, 12) as number, p99: 4.96 });
});

test("bins hold their upper end, the first one both", async () => {
  const statistics = await statisticsOf(Array.from({ length: 21 }, (_, index) => index));
  expect(statistics?.histogram).toHaveLength(20);
  expect(statistics?.histogram.map(({ count }) => count)).toEqual([2, ...Array.from({ length: 19 }, () => 1)]);
  expect(statistics?.histogram[19]).toEqual({ low: 19, high: 20, count: 1 });
});

test("a value that fills the lowest quantiles has a bin of its own", async () => {
  const statistics = await statisticsOf([...Array.from({ length: 60 }, () => 0), ...Array.from({ length: 40 }, (_, index) => index + 1)]);
  expect(statistics?.zeros).toBe(60);
  expect(statistics?.quantileHistogram[0]).toEqual({ low: 0, high: 0, count: 60 });
});

test("one value, infinite values, no values", async () => {
  expect((await statisticsOf([7, 7]))?.histogram).toEqual([{ low: 7, high: 7, count: 2 }]);
  const profile = await profileOf([{ a: Infinity, b: null, c: 1 }, { a: 2, b: null, c: 1 }, { a: -Infinity, b: null, c: 1 }]);
  expect(profile.duplicates).toBe(0);
  expect(profile.columns[0]).toMatchObject({ count: 3, infinite: 2, statistics: { min: 2, max: 2, mean: 2, std: 0 } });
  expect(profile.columns[1]).toEqual({ name: "b", type: "category", stored: "VARCHAR", count: 0, missing: 3, distinct: 0, values: [], averageLength: 0 });
  expect((await profileOf([{ a: Infinity }])).columns[0]).not.toHaveProperty("statistics");
});

test("categories: most frequent first, all up to 100, else 20", async () => {
  const rows = "b b b a a c".split(" ").map((c) => ({ c }));
  expect((await profileOf([...rows, { c: "" }])).columns[0]).toMatchObject({
    count: 6,
    missing: 1,
    distinct: 3,
    averageLength: 1,
    values: [
      { value: "b", count: 3 },
      { value: "a", count: 2 },
      { value: "c", count: 1 },
    ],
  });
  const many = await profileOf(Array.from({ length: 101 }, (_, index) => ({ c: `v${index}` })));
  expect(many.columns[0]).toMatchObject({ distinct: 101, values: { length: 20 } });
});

test("duplicates count the rows beyond the first", async () => {
  expect((await profileOf([{ a: 1, b: null }, { a: 1, b: null }, { a: 1, b: "x" }, { a: 1, b: null }])).duplicates).toBe(2);
});

test("associations with the target", async () => {
  // Oracle: numpy.corrcoef, √(SS between / SS total) in numpy, scipy.stats.contingency.association(method="cramer") on the same values.
  const rows = [
    { y: 1, x: 2, c: "a", k: "p" },
    { y: 2, x: 1, c: "a", k: "p" },
    { y: 3, x: 4, c: "b", k: "q" },
    { y: 5, x: 3, c: "b", k: "p" },
    { y: 4, x: 5, c: "b", k: "q" },
  ];
  const byNumber = await profileOf(rows, { target: "y" });
  expect(byNumber.target?.associations).toEqual([
    { column: "c", measure: "correlation_ratio", value: expect.closeTo(0.8660254037844386, 12) as number },
    { column: "x", measure: "pearson", value: expect.closeTo(0.6, 12) as number },
    { column: "k", measure: "correlation_ratio", value: expect.closeTo(0.2886751345948129, 12) as number },
  ]);
  const byClass = await profileOf(rows, { target: "c" });
  expect(byClass.target?.associations.find(({ column }) => column === "k")).toEqual({ column: "k", measure: "cramers_v", value: expect.closeTo(2 / 3, 12) as number });
  await expect(profileOf(rows, { target: "yy" })).rejects.toMatchObject({ code: "data.column_not_found" });
});

test("of any numbers: histograms hold every value, moments are those of the definition", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 }), async (values) => {
      const statistics = await statisticsOf(values);
      if (statistics === undefined) throw new Error("no statistics");
      const total = (bins: readonly { count: number }[]): number => bins.reduce((sum, { count }) => sum + count, 0);
      expect([total(statistics.histogram), total(statistics.quantileHistogram)]).toEqual([values.length, values.length]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(statistics.mean).toBeCloseTo(mean, 6);
      expect(statistics.std).toBeCloseTo(Math.sqrt(variance), 4);
    }),
    { numRuns: 60 },
  );
});
