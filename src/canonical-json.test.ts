import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, hashOf } from "./canonical-json.ts";

test.each<[unknown, string]>([
  [{ b: 1, a: 2 }, '{"a":2,"b":1}'],
  [{ a: { d: 1, c: [3, { z: 1, y: 2 }] } }, '{"a":{"c":[3,{"y":2,"z":1}],"d":1}}'],
  [[1, undefined, null], "[1,null,null]"],
  [{ a: undefined, b: null }, '{"b":null}'],
  [-0, "0"],
  [1e21, "1e+21"],
  ['"\n\u2028é', '"\\"\\n\u2028é"'],
  // RFC 8785 section 3.2.3: keys are sorted by UTF-16 code units.
  [{ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 }, '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'],
  [true, "true"],
  [undefined, "null"],
])("%j is written as %s", (value, text) => expect(canonicalJson(value)).toBe(text));

test.each([Number.NaN, Number.POSITIVE_INFINITY, { a: [Number.NEGATIVE_INFINITY] }])("%j has no canonical form", (value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
});

test("it is JSON, and the order of keys does not matter", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toBe(text);
      expect(hashOf(value)).toBe(hashOf(JSON.parse(text)));
    }),
  );
});

test("values that differ have hashes that differ", () => {
  const values = [null, 0, 1, "1", [], [1], ["1"], {}, { a: 1 }, { a: "1" }, { b: 1 }, [{ a: 1 }], "null", false];
  expect(new Set(values.map(hashOf)).size).toBe(values.length);
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}
