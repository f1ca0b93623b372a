import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exactJson } from "./exact-json.ts";
import { inferJson, jsonList, jsonNested, looseJson, plainJson, sharedJson } from "./json-text.ts";
import { NumberList } from "./number-lists/number-list.ts";
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

  test("what was read is written so that it reads the same again, or refused where it nests too deep to be written", () => {
    const values = [9007199254740993n, -0, 0, Infinity, -Infinity, 0.1, null, "NaN", { a: [-0] }];
    expect(parseJson(exactJson(values))).toEqual(values);
    let deep: unknown = 1;
    for (let at = 0; at < 100_000; at++) deep = [deep];
    expect(() => exactJson(deep)).toThrow(expect.objectContaining({ code: "serving.bad_json", status: 400 }));
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
    // The nearest float is another number (NumPy: int(np.float32(v)) != v) only for the refused ones below.
    [[16_777_218, -16_777_216, 3.4028234663852886e38, 16_777_217.5, 1e30], "FP32", 5, Float32Array.of(16_777_218, -16_777_216, 3.4028234663852886e38, 16_777_218, 1e30)],
    [[Infinity, -Infinity, -0], "FP32", 3, Float32Array.of(Infinity, -Infinity, -0)],
    [[Infinity, 65_504, 2050], "FP16", 3, Float16Array.of(Infinity, 65_504, 2050)],
    [[2 ** 53, 1e300], "FP64", 2, Float64Array.of(2 ** 53, 1e300)],
    [new NumberList([1], Float64Array.of(2 ** 62)), "INT64", 1, BigInt64Array.of(2n ** 62n)],
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
    [[1e39], "FP32", 1, /data\[0\] is 1e\+39; FP32 takes numbers from -3.4028234663852886e\+38 to 3.4028234663852886e\+38/],
    [[0, -65_520], "FP16", 2, /data\[1\] is -65520; FP16 takes numbers from -65504 to 65504/],
    [[10n ** 400n], "FP64", 1, /FP64 takes numbers from -1.7976931348623157e\+308/],
    [[16_777_217], "FP32", 1, /data\[0\] is 16777217; FP32 does not hold this integer \(it holds all up to 16777216\): send 16777216/],
    [[-123_456_789], "FP32", 1, /send -123456792 if the nearest will do/],
    [[2049], "FP16", 1, /it holds all up to 2048/],
    [[2n ** 53n + 1n], "FP64", 1, /it holds all up to 9007199254740992/],
    [new NumberList([1], Float64Array.of(16_777_217)), "FP32", 1, /does not hold this integer/],
    [new NumberList([1], Float64Array.of(2 ** 63)), "INT64", 1, /INT64 takes integers of 64 bits/],
    [new NumberList([1], Float64Array.of(2 ** 64)), "UINT64", 1, /UINT64 takes integers of 64 bits/],
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
        for (const style of [plainJson, inferJson, looseJson]) {
          const back = readValues(parseJson(jsonList({ datatype, data }, style)), datatype, data.length, "x");
          expect(Array.from(back as Float64Array)).toEqual(Array.from(data)); // −0 is no 0 here
        }
      }),
    );
    expect(jsonList({ datatype, data: array.of(0.5, 0.1, -3, NaN, Infinity) })).toBe("[0.5,0.1,-3,null,1e999]");
    expect(jsonList({ datatype, data: array.of(-Infinity, NaN, -0, 2) }, inferJson)).toBe("[-Infinity,null,-0.0,2]");
    expect(jsonList({ datatype, data: array.of(-Infinity, NaN, -0, 2) }, sharedJson)).toBe("[-Infinity,null,-0.0,2.0]");
    expect(jsonList({ datatype, data: array.of(-Infinity, NaN, -0, 2) }, looseJson)).toBe("[-Infinity,NaN,-0.0,2.0]");
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
