import { expect, test } from "vitest";
import type { CategoryProfile, ColumnProfile, NumberProfile, Profile } from "../profile/profile-types.ts";
import { inferSchema } from "./schema.ts";
import type { Schema } from "./schema.ts";
import type { StoredType } from "../types.ts";
import { validate } from "./validate.ts";

const rows = 100;

function numberColumn(name: string, min: number, max: number, change: Partial<NumberProfile> = {}): NumberProfile {
  const bins = [{ low: min, high: max, count: rows }];
  const quantiles = { p01: min, p05: min, p25: min, p50: min, p75: max, p95: max, p99: max };
  const statistics = { min, max, mean: (min + max) / 2, std: 1, zeros: 0, quantiles, histogram: bins, quantileHistogram: bins };
  return { name, type: "number", stored: "BIGINT", count: rows, missing: 0, distinct: 10, infinite: 0, statistics, ...change };
}

function category(name: string, counts: Record<string, number>, stored: StoredType = "VARCHAR"): CategoryProfile {
  const values = Object.entries(counts).map(([value, count]) => ({ value, count }));
  const count = values.reduce((sum, value) => sum + value.count, 0);
  return { name, type: "category", stored, count, missing: rows - count, distinct: values.length, values, averageLength: 1 };
}

const profile = (...columns: ColumnProfile[]): Profile => ({ rows, duplicates: 0, columns });
const reference = profile(numberColumn("n", 0, 10), category("c", { a: 60, b: 40 }), category("gap", { x: 90 }), category("void", {}), numberColumn("y", 0, 1));
const schema = inferSchema(reference, { target: "y" });

test("the inferred schema follows TFDV's rules", () => {
  expect(schema.features).toEqual([
    { name: "n", type: "INT", presence: { minFraction: 1, minCount: 1 }, range: { min: 0, max: 10 } },
    { name: "c", type: "STRING", presence: { minFraction: 1, minCount: 1 }, domain: { values: ["a", "b"], minDomainMass: 1 } },
    { name: "gap", type: "STRING", presence: { minCount: 1 }, domain: { values: ["x"], minDomainMass: 1 } },
    { name: "void", type: "STRING", presence: { minCount: 0 }, empty: true },
    { name: "y", type: "INT", presence: { minFraction: 1, minCount: 1 }, range: { min: 0, max: 1 }, notInEnvironment: ["SERVING"] },
  ]);
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`v${index}`, 1]));
  expect(inferSchema(profile(category("c", many))).features[0]).not.toHaveProperty("domain");
  expect(inferSchema(profile(category("b", { true: 3 }, "BOOLEAN"))).features[0].domain?.values).toEqual(["false", "true"]);
});

test("data has only the anomaly of its empty column against its own schema", () => {
  expect(validate(reference, schema)).toEqual([
    {
      type: "FEATURE_TYPE_NOT_PRESENT",
      column: "void",
      severity: "WARNING",
      message: 'Column "void" has no value in any of 100 rows, as when the schema was inferred; it is no feature.',
      share: 1,
    },
  ]);
});

/** The reference with one column changed, or left out when `column` is a name. */
function changed(column: ColumnProfile | string): Profile {
  const name = typeof column === "string" ? column : column.name;
  const kept = reference.columns.filter((each) => each.name !== name && each.name !== "void");
  return profile(...kept, ...(typeof column === "string" ? [] : [column]));
}

test.each<[change: ColumnProfile | string, anomaly: string | undefined, message: RegExp, share: number]>([
  ["n", "ERROR SCHEMA_MISSING_COLUMN", /"n" is missing from the table/, 1],
  ["void", undefined, /^$/, 0],
  [category("new", { z: 25 }), "WARNING SCHEMA_NEW_COLUMN", /"new" is new.* 25 of 100 rows/, 0.25],
  [category("void", { z: 5 }), "WARNING SCHEMA_NEW_COLUMN", /"void" is new/, 0.05],
  [category("c", {}), "ERROR FEATURE_TYPE_NOT_PRESENT", /no value in any of 100 rows/, 1],
  [category("c", { a: 88 }), "ERROR FEATURE_TYPE_LOW_FRACTION_PRESENT", /missing in 12 of 100 rows \(12 %\); at least 100 %/, 0.12],
  [category("gap", { x: 1 }), undefined, /^$/, 0],
  [category("c", { a: 97, q: 2, r: 1 }), "ERROR ENUM_TYPE_UNEXPECTED_STRING_VALUES", /domain of 2 in 3 of 100 rows \(3 %\): "q" \(2\), "r" \(1\)\./, 0.03],
  [category("n", { few: 100 }), "ERROR INT_TYPE_NOT_INT_STRING", /holds STRING values; the schema expects INT/, 1],
  [category("n", { true: 100 }, "BOOLEAN"), "ERROR UNEXPECTED_DATA_TYPE", /holds BOOL values; the schema expects INT/, 1],
  [numberColumn("c", 1, 2), "ERROR UNEXPECTED_DATA_TYPE", /holds INT values; the schema expects STRING/, 1],
  [numberColumn("n", 0, 9, { stored: "DOUBLE" }), "WARNING UNEXPECTED_DATA_TYPE", /holds FLOAT values; the schema expects INT/, 1],
  [numberColumn("n", 0, 20), "WARNING INT_TYPE_BIG_INT", /reaches 20, above the 10 seen before, in about 50 % of the rows/, 0.5],
  [numberColumn("n", -5, 5), "WARNING INT_TYPE_SMALL_INT", /reaches -5, below the 0 seen before, in about 50 %/, 0.5],
])("%j", (change, anomaly, message, share) => {
  const found = validate(changed(change), schema);
  expect(found.map(({ severity, type }) => `${severity} ${type}`)).toEqual(anomaly === undefined ? [] : [anomaly]);
  expect(found[0]?.message ?? "").toMatch(message);
  expect(found[0]?.share ?? 0).toBeCloseTo(share, 12);
});

test("serving has no target, but may", () => {
  const withoutTarget = changed("y");
  expect(validate(withoutTarget, schema, { environment: "SERVING" })).toEqual([]);
  expect(validate(withoutTarget, schema).map(({ type }) => type)).toEqual(["SCHEMA_MISSING_COLUMN"]);
  expect(validate(changed(numberColumn("y", 0, 3)), schema, { environment: "SERVING" }).map(({ type }) => type)).toEqual(["INT_TYPE_BIG_INT"]);
});

test("what people write into a schema", () => {
  const [n] = inferSchema(profile(numberColumn("n", 0, 10))).features;
  const types = (strict: Schema, column: ColumnProfile): string[] => validate(profile(column), strict).map(({ type }) => type);
  expect(types({ features: [{ ...n, unique: { min: 11 } }] }, numberColumn("n", 0, 10))).toEqual(["FEATURE_TYPE_LOW_UNIQUE"]);
  expect(types({ features: [{ ...n, unique: { max: 9 } }] }, numberColumn("n", 0, 10))).toEqual(["FEATURE_TYPE_HIGH_UNIQUE"]);
  expect(types({ features: [n], rows: { min: 101 } }, numberColumn("n", 0, 10))).toEqual(["DATASET_LOW_NUM_EXAMPLES"]);
  expect(types({ features: [n], rows: { max: 99 } }, numberColumn("n", 0, 10))).toEqual(["DATASET_HIGH_NUM_EXAMPLES"]);
  const tolerant: Schema = { features: [{ name: "c", type: "STRING", presence: { minCount: 50 }, domain: { values: ["a"], minDomainMass: 0.9 } }] };
  expect(types(tolerant, category("c", { a: 91, z: 9 }))).toEqual([]);
  expect(types(tolerant, category("c", { a: 88, z: 12 }))).toEqual(["ENUM_TYPE_UNEXPECTED_STRING_VALUES"]);
  expect(types(tolerant, category("c", { a: 49 }))).toEqual(["FEATURE_TYPE_LOW_NUMBER_PRESENT"]);
  expect(validate({ rows: 0, duplicates: 0, columns: [category("c", {})] }, tolerant).map(({ type }) => type)).toEqual(["DATASET_LOW_NUM_EXAMPLES"]);
});

test("infinite values, and numbers given as text", () => {
  const float = inferSchema(profile(numberColumn("f", 0, 1, { stored: "DOUBLE" })));
  expect(validate(profile(numberColumn("f", 0, 1, { stored: "DOUBLE", infinite: 4 })), float)).toMatchObject([{ type: "FLOAT_TYPE_HAS_INF", share: 0.04 }]);
  expect(validate(profile(category("f", { x: 100 })), float)).toMatchObject([{ type: "FLOAT_TYPE_STRING_NOT_FLOAT" }]);
  expect(validate(profile(numberColumn("f", 0, 1)), float)).toEqual([]);
  expect(validate(profile(numberColumn("f", 0, 2, { stored: "DOUBLE" })), float)).toMatchObject([{ type: "FLOAT_TYPE_BIG_FLOAT" }]);
  expect(validate(profile(numberColumn("f", -1, 1, { stored: "DOUBLE" })), float)).toMatchObject([{ type: "FLOAT_TYPE_SMALL_FLOAT" }]);
  const bool = inferSchema(profile(category("b", { true: 100 }, "BOOLEAN")));
  expect(validate(profile(category("b", { yes: 100 })), bool)).toMatchObject([{ type: "BOOL_TYPE_UNEXPECTED_STRING" }]);
});
