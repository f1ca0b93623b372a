import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonList, jsonNested } from "./json-text.ts";
import { parseJson } from "./parse-json.ts";
import { readValues, shapeOf } from "./read-values.ts";
import type { Datatype, Values } from "./tensor.ts";

describe("JSON that requests come in", () => {
  test.each<[string, unknown]>([
    ['{"a": [1, NaN, -Infinity, Infinity]}', { a: [1, null, -Infinity, Infinity] }],
    ['["NaN", "a \\" Infinity", NaN]', ["NaN", 'a " Infinity', null]],
    ["[9007199254740993, -9223372036854775808, 1, 0.1234567890123456]", [9007199254740993n, -9223372036854775808n, 1, 0.1234567890123456]],
    ["[18446744073709551615]", [18446744073709551615n]],
    ["[12345678901234567e3]", [12345678901234567e3]],
  ])("%s", (text, value) => expect(parseJson(text)).toEqual(value));

  test.each(["", "[1,", "{'a': 1}", "[NaN", "NaNaN", "[1 2]", "\u0000", '{"a": +1}'])("%j is refused", (text) => {
    expect(() => parseJson(text)).toThrow(/The body is not JSON/);
  });

  test("whatever JSON.stringify writes reads back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const doubles = (_: string, one: unknown) => (typeof one === "bigint" ? Number(one) : one);
        expect(JSON.stringify(parseJson(JSON.stringify(value)), doubles)).toBe(JSON.stringify(JSON.parse(JSON.stringify(value))));
      }),
    );
  });
});

describe("values of JSON as tensors", () => {
  test.each<[unknown, Datatype, number, Values]>([
    [[[1, 2], [3, 4]], "INT32", 4, Int32Array.of(1, 2, 3, 4)],
    [[1, 2, 3, 4], "FP32", 4, Float32Array.of(1, 2, 3, 4)],
    [7, "FP64", 1, Float64Array.of(7)],
    [[1, null], "INT8", 2, Float64Array.of(1, NaN)],
    [[null, 2.5], "FP16", 2, Float16Array.of(NaN, 2.5)],
    [[true, 0], "BOOL", 2, Uint8Array.of(1, 0)],
    [[2n ** 63n - 1n, 5], "INT64", 2, BigInt64Array.of(2n ** 63n - 1n, 5n)],
    [[2n ** 64n - 1n], "UINT64", 1, BigUint64Array.of(2n ** 64n - 1n)],
    [[["a"], [null]], "BYTES", 2, ["a", ""]],
    [[], "FP32", 0, new Float32Array()],
  ])("%o as %s", (data, datatype, count, values) => expect(readValues(data, datatype, count, "x")).toEqual(values));

  test.each<[unknown, Datatype, number, RegExp]>([
    [[[1, 2], [3]], "FP32", 4, /lists in data differ in length/],
    [[[1], 2], "FP32", 2, /lists in data differ in length/],
    [[1, 2, 3], "FP32", 4, /asks for 4 elements, and data has 3/],
    [[1, 2, 3], "FP32", 2, /asks for 2 elements, and data has 3/],
    [[256], "UINT8", 1, /data\[0\] is 256; UINT8 takes integers from 0 to 255/],
    [[1.5], "INT64", 1, /data\[0\] is 1.5; INT64 takes integers of 64 bits/],
    [[2n ** 63n], "INT64", 1, /INT64 takes integers of 64 bits/],
    [[-1], "UINT64", 1, /UINT64 takes integers of 64 bits without a sign/],
    [["1"], "FP32", 1, /data\[0\] is a string; FP32 takes numbers/],
    [[1], "BYTES", 1, /BYTES takes strings/],
    [[2], "BOOL", 1, /BOOL takes true and false/],
    [[1], "BF16", 1, /BF16 has no form in JSON/],
  ])("%o as %s is refused", (data, datatype, count, message) => expect(() => readValues(data, datatype, count, "x")).toThrow(message));

  test("the shape of nested lists, and a limit to it", () => {
    expect(shapeOf([[[1], [2]]], "x")).toEqual([1, 2, 1]);
    expect(shapeOf(3, "x")).toEqual([]);
    const deep = JSON.parse("[".repeat(1000) + "]".repeat(1000)) as unknown;
    expect(() => shapeOf(deep, "x")).toThrow(/nests deeper/);
    expect(() => readValues(deep, "FP32", 1, "x")).toThrow(/nests deeper/);
  });
});

describe("tensors as JSON", () => {
  const floats = { FP32: [Float32Array, fc.float({ noNaN: true })], FP16: [Float16Array, fc.double({ noNaN: true, min: -65504, max: 65504 })], FP64: [Float64Array, fc.double({ noNaN: true })] } as const;
  test.each(["FP32", "FP16", "FP64"] as const)("%s is written in as few digits as read back as the same", (datatype) => {
    const [array, numbers] = floats[datatype];
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 5 }), (list) => {
        const data = array.from(list);
        const finite = Array.from(data, (value) => (Number.isFinite(value) ? value : NaN));
        const back = readValues(parseJson(jsonList({ datatype, data })), datatype, data.length, "x");
        expect(Array.from(back as Float64Array)).toEqual(finite);
      }),
    );
    expect(jsonList({ datatype, data: array.of(0.5, 0.1, -3, NaN, Infinity) })).toBe("[0.5,0.1,-3,null,null]");
  });

  test("other datatypes, nesting, other dialects", () => {
    expect(jsonList({ datatype: "BOOL", data: Uint8Array.of(1, 0) })).toBe("[true,false]");
    expect(jsonList({ datatype: "INT64", data: BigInt64Array.of(2n ** 62n, -1n) })).toBe("[4611686018427387904,-1]");
    expect(jsonList({ datatype: "BF16", data: Uint16Array.of(0x3fc0, 0xc2f7) })).toBe("[1.5,-123.5]");
    expect(jsonList({ datatype: "BYTES", data: ["é\n", Uint8Array.of(255, 0)] })).toBe('["é\\n","/wA="]');
    const matrix = { name: "m", datatype: "FP32" as const, shape: [2, 1, 2], data: Float32Array.of(1, 2.5, 3, NaN) };
    expect(jsonNested(matrix)).toBe("[[[1,2.5]],[[3,null]]]");
    expect(jsonNested({ ...matrix, shape: [2, 0, 3], data: new Float32Array() })).toBe("[[],[]]");
    expect(jsonNested({ ...matrix, shape: [], data: Float32Array.of(4) })).toBe("4");
    expect(jsonNested(matrix, { point: true, nonFinite: String })).toBe("[[[1.0,2.5]],[[3.0,NaN]]]");
  });
});
