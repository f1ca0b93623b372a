import { expect, test } from "vitest";
import { readValue, valueTypeOf, valueTypes, writtenValue, type ValueType } from "./judged-value.ts";

test.each([true, false, 4, 0.75, -1e-9, "yes", "", "4", null, [1, "a"], { stars: 4 }])("%j comes back as it is from the line that it is written as", (value) => {
  expect(readValue(valueTypeOf(value), writtenValue(value))).toEqual(value);
});

test.each([
  ["true or false", " Yes ", true],
  ["true or false", "FALSE", false],
  ["number", " 1e3 ", 1000],
  ["JSON", "null", null],
] as const)("%s: %j is %j", (type, text, value) => {
  expect(readValue(type, text)).toBe(value);
});

test.each([
  ["true or false", "maybe", "neither true nor false"],
  ["true or false", "", "neither"],
  ["number", "", "not a number"],
  ["number", "1,5", "not a number"],
  ["number", "Infinity", "not a number"],
  ["JSON", "fine", "not JSON"],
] as const)("%s: %j is refused, not bent", (type, text, message) => {
  expect(() => readValue(type, text)).toThrow(message);
});

test("every type is one that a form offers", () => {
  expect(new Set<ValueType>([true, 1, "a", {}].map(valueTypeOf))).toEqual(new Set(valueTypes));
});
