import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../canonical-json.ts";
import { datasetVersion } from "./dataset-manifest.ts";

test("RFC 8785 §3.2.2 and §3.2.3", () => {
  const numbers = [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001];
  const given = { numbers, string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\u002f', literals: [null, true, false] };
  const expected =
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}';
  expect(canonicalJson(given)).toBe(expected);
  const keys = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
  expect(Object.values(JSON.parse(canonicalJson(Object.entries(keys).reverse().reduce((all, [key, value]) => ({ ...all, [key]: value }), {}))) as object)).toEqual([4, 2, 6, 7, 1, 5, 3]);
});

test("any JSON comes back equal, and the order of keys does not show", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }).filter((key) => key !== "__proto__" && key.isWellFormed()), fc.integer()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual({ ...value });
    }),
  );
});

test("a dataset version is named by its content", () => {
  const files = [{ name: "data.parquet", sha256: "ab".repeat(32), size: 10, rows: 2 }];
  const columns = [{ name: "a", type: "number", stored: "BIGINT" }] as const;
  const version = datasetVersion({ files, columns, parents: [], filter: undefined });
  const expected =
    `{"columns":[{"name":"a","stored":"BIGINT","type":"number"}],` +
    `"files":[{"name":"data.parquet","rows":2,"sha256":"${"ab".repeat(32)}","size":10}],"parents":[],"version":1}`;
  expect(version.json).toBe(expected);
  // printf '%s' "$json" | sha256sum
  expect(version.id).toBe("65c3db182788c767a8b269cf49b3fe3ba5de8dc5db23cadb43f4b6a5102aa4b1");
  expect(version.shortId).toBe(version.id.slice(0, 12));
  expect(datasetVersion({ parents: [], columns, files }).id).toBe(version.id);
  expect(datasetVersion({ parents: ["x"], columns, files }).id).not.toBe(version.id);
});
