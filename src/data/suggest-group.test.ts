import { expect, test } from "vitest";
import { subjectsBesideTime, suggestGroup } from "./suggest-group.ts";
import type { Table } from "./types.ts";

const rows = 600;
const table = (columns: Record<string, (row: number) => number>): Table => ({
  rows,
  columns: Object.entries(columns).map(([name, value]) => ({ name, type: "number", values: Float64Array.from({ length: rows }, (_, row) => value(row)) })),
});
const block = (row: number): number => Math.floor(row / 6);
const scattered = (row: number): number => (row * 7919) % 100;
const year = (row: number): number => 1990 + (row % 6);

test.each<[what: string, columns: Record<string, (row: number) => number>, group: string | undefined]>([
  ["patients", { patient_id: scattered }, "patient_id"],
  ["years at school", { school: (row) => (row * 7919) % 18 }, undefined],
  ["units of a house", { unit: (row) => row % 8 }, undefined],
  ["a scale that says household", { "economic.cond.household": (row) => row % 5 }, undefined],
  ["schools", { school: scattered }, "school"],
  ["names of businesses", { business_name: scattered }, "business_name"],
  ["five shops", { StoreID: (row) => row % 5 }, undefined],
  ["schools before pupils", { student: (row) => row % 300, school: scattered }, "school"],
  ["firms by year", { firm: block, year }, "firm"],
  ["numbers by wave", { nr: (row) => block(row) * 13 + 5, wave: (row) => row % 6 }, "nr"],
  ["animals by week", { Pig: (row) => 4601 + block(row), Week: (row) => row % 6 }, "Pig"],
  ["years of two digits", { county: (row) => block(row) * 2 + 1, year: (row) => 81 + (row % 6) }, "county"],
  ["years that go backwards within", { firm: block, year: (row) => 2000 - (row % 6) }, undefined],
  ["years that are not in blocks", { size: scattered, year }, undefined],
])("%s", (_, columns, group) => expect(suggestGroup(table({ ...columns, y: (row) => row * 0.37 }), "y")?.column).toBe(group));

test("identifiers beside time", () => {
  expect(subjectsBesideTime(table({ unitid: (row) => row % 300, y: (row) => row }), "y")).toBe("unitid");
  expect(subjectsBesideTime(table({ storeId: (row) => row % 8, y: (row) => row }), "y")).toBeUndefined();
});
