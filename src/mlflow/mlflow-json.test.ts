import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatBody, parseBody } from "./mlflow-json.ts";
import { bigInteger, boolean, double, integer, json, keyValue, list, map, message, oneOf, orElse, readFields, required, string } from "./mlflow-fields.ts";
import { offsetOf, pageOf, pageToken } from "./page-token.ts";

test.each([
  ["", {}],
  ["null", {}],
  ['{"a": 1}', { a: 1 }],
  [JSON.stringify('{"a": 1}'), { a: 1 }],
  ['{"a": NaN, "b": -Infinity, "c": "NaN, \\" NaN"}', { a: "NaN", b: "-Infinity", c: 'NaN, " NaN' }],
  ['{"a": 1e400}', { a: Infinity }],
  ['{"a": 9007199254740993, "b": 12}', { a: 9007199254740993n, b: 12 }],
  ['{"a": 0.1234567890123456789}', { a: 0.12345678901234568 }],
])("the body %s", (text, expected) => expect(parseBody(text)).toEqual(expected));

test.each(["[1]", "3", "{", "{'a': 1}"])("%s is no body", (text) => expect(() => parseBody(text)).toThrow(/request's body/));

test("an answer leaves out what is unset or empty, and keeps every digit", () => {
  expect(formatBody({ a: undefined, b: null, c: [], d: {}, e: [{}], f: 9007199254740993n, g: Number.NaN, h: -Infinity, i: 0, j: "", k: -0 })).toBe(
    '{"d":{},"e":[{}],"f":9007199254740993,"g":"NaN","h":"-Infinity","i":0,"j":"","k":-0.0}',
  );
});

test("integers of any size go through", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }), (value) => {
      const { a } = readFields({ a: bigInteger }, parseBody(`{"a": ${value}}`));
      expect(a).toBe(value);
      expect(formatBody({ a })).toBe(`{"a":${value}}`);
    }),
    { seed: 1 },
  );
});

test.each([
  [string, "x", "x"],
  [integer, "12", 12],
  [integer, 12, 12],
  [double, "NaN", Number.NaN],
  [double, "-Infinity", -Infinity],
  [double, "1.5", 1.5],
  [double, 9007199254740993n, 9007199254740992],
  [boolean, "TRUE", true],
  [boolean, false, false],
  [oneOf({ ONE: 1, TWO: 2 }), "TWO", "TWO"],
  [oneOf({ ONE: 1, TWO: 2 }), 2, "TWO"],
  [list(string), undefined, []],
  [list(string), "one of a query", ["one of a query"]],
  [list(keyValue), [{ key: "a" }], [{ key: "a", value: "" }]],
  [map, { a: "b" }, { a: "b" }],
  [json, [1], [1]],
  [orElse(integer, 7), null, 7],
  [required(double), "NaN", Number.NaN],
  [message({ a: integer }), { a: "1", other: 2 }, { a: 1 }],
])("field %#", (field, value, expected) => expect(readFields({ field }, { field: value })).toEqual({ field: expected }));

test.each([
  [{ name: required(string) }, {}, "Missing value for required parameter 'name'. See the API docs for more information about request parameters."],
  [{ name: required(string) }, { name: "" }, "Missing value for required parameter 'name'."],
  [{ name: string }, { name: 123 }, "Invalid value 123 for parameter 'name' supplied:  Hint: Value was of type 'int'."],
  [{ step: integer }, { step: "foo" }, "Invalid value \"foo\" for parameter 'step' supplied:  Hint: Value was of type 'str'."],
  [{ step: integer }, { step: 1.5 }, "of type 'float'"],
  [{ step: integer }, { step: 2n ** 60n }, "of type 'int'"],
  [{ value: double }, { value: "x" }, "Invalid value \"x\""],
  [{ value: double }, { value: true }, "of type 'bool'"],
  [{ metrics: list(message({ timestamp: required(integer) })) }, { metrics: [{}] }, "Missing value for required parameter 'metrics[0].timestamp'"],
  [{ metrics: list(message({})) }, { metrics: "foo" }, "Invalid value \"foo\" for parameter 'metrics'"],
  [{ ids: required(list(string)) }, { ids: [] }, "Missing value for required parameter 'ids'"],
  [{ ids: list(string) }, { ids: [null] }, "Invalid value [null] for parameter 'ids'"],
  [{ kind: oneOf({ ONE: 1 }) }, { kind: "TWO" }, "Invalid value \"TWO\""],
])("fields %# refuse in MLflow's words", (fields, source, text) => expect(() => readFields(fields, source as Record<string, unknown>)).toThrow(text));

test("pages follow each other by their tokens", () => {
  expect(offsetOf(undefined)).toBe(0);
  expect(offsetOf(pageToken(25_000))).toBe(25_000);
  expect(pageOf([1, 2, 3], 4, 2)).toEqual({ rows: [1, 2], next: pageToken(6) });
  expect(pageOf([1, 2], 4, 2)).toEqual({ rows: [1, 2], next: undefined });
  for (const bad of ["x", "bm8=", pageToken(-1), Buffer.from('{"offset":"z"}').toString("base64")]) expect(() => offsetOf(bad)).toThrow(/Invalid page token/);
});
