import { expect, test } from "vitest";
import { paramsFor } from "./params.ts";
import type { ParamSpec } from "./runtime.ts";

const spec = (name: string, type: string, list = false): ParamSpec => ({ name, type, list, default: null });
const specs = [spec("factor", "double"), spec("mark", "string"), spec("since", "datetime"), spec("only", "long", true), spec("strict", "boolean"), spec("more", "object")];

test.each<[what: string, given: Record<string, unknown> | undefined, taken: Record<string, unknown> | undefined]>([
  ["no parameters", undefined, undefined],
  ["parameters of others only", { priority: 1, sticky_key: "ada" }, undefined],
  ["a null, which is none", { factor: null }, undefined],
  ["values as JSON has them", { factor: 2, only: [1, 2], strict: true, more: { a: 1 }, other: 1 }, { factor: 2, only: [1, 2], strict: true, more: { a: 1 } }],
  ["values as text", { factor: "2.5", only: "[1,2]", strict: "false", more: '{"a":1}' }, { factor: 2.5, only: [1, 2], strict: false, more: { a: 1 } }],
  ["text that looks like JSON, for a param that is text", { mark: "2", since: "2026-01-02" }, { mark: "2", since: "2026-01-02" }],
  ["an integer that no double holds", { factor: "12345678901234567890" }, { factor: 12345678901234567000 }],
])("%s", (_, given, taken) => {
  expect(paramsFor(specs, given)).toEqual(taken);
});

test("text that is no JSON is refused with what would be right", () => {
  expect(() => paramsFor(specs, { factor: "much" })).toThrow('The parameter "factor" is "much"; it must be double, which is written as JSON where it comes as text.');
  expect(() => paramsFor(specs, { only: "1,2" })).toThrow(/"only" is "1,2"; it must be a list of long/);
});
