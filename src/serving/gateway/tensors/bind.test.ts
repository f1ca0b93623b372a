import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownCategories } from "../../../values/known-categories.ts";
import type { Model, TensorSpec } from "../runtimes/runtime.ts";
import { bindInputs } from "./bind.ts";
import type { UnknownInputs } from "./bind.ts";
import { inputOf } from "./input.ts";
import type { Input } from "./input.ts";
import { float32Text } from "./json-text.ts";
import type { Datatype, Values } from "./tensor.ts";

const number: TensorSpec = { name: "x", datatype: "FP32", shape: [-1, 1], reading: { type: "number" } };
const german: TensorSpec = { ...number, reading: { type: "number", decimal: ",", thousands: "." } };
const sentinel: TensorSpec = { ...number, reading: { type: "number", missing: ["-999", "-99.9"] } };
const flags: TensorSpec = { name: "x", datatype: "BYTES", shape: [-1, 1], reading: { type: "category", boolean: true }, known: new KnownCategories(["false", "true"]) };
const words: TensorSpec = { name: "x", datatype: "BYTES", shape: [-1, 1], reading: { type: "category" }, known: new KnownCategories(["7", "8.5", "0101", "true", "b"]) };
const when: TensorSpec = { name: "x", datatype: "BYTES", fed: "FP64", shape: [-1, 1], reading: { type: "timestamp", order: "dmy" } };
const seconds: TensorSpec = { ...when, reading: { type: "timestamp", unit: "s" } };
const plain: TensorSpec = { name: "x", datatype: "FP32", shape: [-1, 1] };
const text: TensorSpec = { name: "x", datatype: "BYTES", shape: [-1, 1] };

const modelOf = (...inputs: TensorSpec[]): Model => ({ inputs, rowwise: true, namedColumns: inputs.some(({ reading }) => reading !== undefined) }) as unknown as Model;
const typed = (datatype: Datatype, data: Values): Input => ({ name: "x", datatype, shape: [data.length, 1], data });
const cells = (...values: unknown[]): Input => inputOf("x", values, undefined, `"x"`);
const bound = (spec: TensorSpec, input: Input): unknown[] => Array.from(bindInputs([input], modelOf(spec), new Set(["x"])).inputs[0].data as unknown[]);

const noon = Date.UTC(2024, 1, 1, 12);

describe("one value in all its forms is one value", () => {
  test.each<[what: string, spec: TensorSpec, value: unknown, forms: Input[]]>([
    ["true", flags, "true", [cells(true), cells("true"), cells("True"), cells(" TRUE "), cells("yes"), cells(1), cells("1"), cells(1n), typed("BOOL", Uint8Array.of(1)), typed("INT64", BigInt64Array.of(1n)), typed("UINT8", Uint8Array.of(1)), typed("FP32", Float32Array.of(1)), typed("BYTES", ["T"])]],
    ["false", flags, "false", [cells(false), cells("False"), cells(0), cells("no"), typed("BOOL", Uint8Array.of(0)), typed("INT8", Int8Array.of(0)), typed("FP64", Float64Array.of(0))]],
    ["a category that is a number", words, "7", [cells(7), cells("7"), cells("7.0"), cells(" 7 "), cells(7n), typed("INT32", Int32Array.of(7)), typed("FP32", Float32Array.of(7)), typed("FP16", Float16Array.of(7)), typed("BF16", Uint16Array.of(0x40e0)), typed("BYTES", ["7.00"])]],
    ["a category with decimals", words, "8.5", [cells(8.5), cells("8.50"), typed("FP32", Float32Array.of(8.5)), typed("FP64", Float64Array.of(8.5))]],
    ["a code", words, "0101", [cells("0101"), typed("BYTES", ["0101"])]],
    ["the word true among others", words, "true", [cells(true), cells("True"), typed("BOOL", Uint8Array.of(1))]],
    ["a missing category", words, "", [cells(null), cells(""), cells("  "), typed("FP32", Float32Array.of(NaN)), typed("FP64", Float64Array.of(NaN)), typed("INT64", Float64Array.of(NaN)), typed("BYTES", [""])]],
    ["a number", number, 41.5, [cells(41.5), cells("41.5"), cells(" 4.15e1 "), typed("FP64", Float64Array.of(41.5)), typed("FP16", Float16Array.of(41.5)), typed("BF16", Uint16Array.of(0x4226)), typed("BYTES", ["41.5"])]],
    ["a missing number", number, NaN, [cells(null), cells(""), cells("NA"), cells("n/a"), typed("BYTES", ["-"]), typed("FP32", Float32Array.of(NaN))]],
    ["a truth value as a number", number, 1, [cells(true), typed("BOOL", Uint8Array.of(1)), cells("1")]],
    ["a number with marks", german, 1234.5, [cells("1.234,5"), cells("1234,5"), cells(1234.5), typed("BYTES", ["1.234,50"]), typed("FP32", Float32Array.of(1234.5))]],
    ["a number that means missing", sentinel, NaN, [cells(-999), cells("-999"), typed("FP32", Float32Array.of(-999)), typed("FP32", Float32Array.of(-99.9)), typed("INT64", BigInt64Array.of(-999n))]],
    ["an instant", when, noon, [cells("2024-02-01T12:00:00Z"), cells("2024-02-01 12:00"), cells("01/02/2024 12:00"), cells(noon), cells(noon / 1000), cells(BigInt(noon) * 1_000_000n), typed("BYTES", ["2024-02-01T13:00:00+01:00"]), typed("INT64", BigInt64Array.of(BigInt(noon))), typed("FP64", Float64Array.of(noon))]],
    ["an instant in seconds", seconds, noon, [cells(noon / 1000), cells(String(noon / 1000)), cells("2024-02-01T12:00:00Z"), typed("INT32", Int32Array.of(noon / 1000))]],
    ["a missing instant", when, NaN, [cells(null), cells(""), cells("NaT"), typed("FP64", Float64Array.of(NaN)), typed("FP32", Float32Array.of(NaN)), typed("BYTES", [""])]],
    ["a number of a model that says nothing", plain, 41.5, [cells(41.5), cells("41.5"), typed("FP64", Float64Array.of(41.5)), typed("BYTES", ["41.5"])]],
    ["a text of a model that says nothing", text, "7", [cells("7"), cells(7), typed("INT64", BigInt64Array.of(7n))]],
    ["a truth value as the text of a model that says nothing", text, "true", [cells(true), typed("BOOL", Uint8Array.of(1))]],
  ])("%s", (_, spec, value, forms) => {
    for (const form of forms) expect(bound(spec, form), JSON.stringify(form, (_, one: unknown) => (typeof one === "bigint" ? String(one) : one))).toEqual([value]);
  });

  test("texts of a model that says nothing are kept to the letter", () => {
    const kept = [" a ", "NA", "", "True", "7.0"];
    expect(bound(text, typed("BYTES", kept))).toEqual(kept);
    expect(bound(text, cells(...kept))).toEqual(kept);
  });

  test("an integer is one category by every datatype that holds it, and refused by one that does not", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const spec: TensorSpec = { ...words, known: new KnownCategories([String(value)]) };
        const forms: Input[] = [cells(String(value)), typed("INT64", BigInt64Array.of(value)), cells(value)];
        for (const form of forms) expect(bound(spec, form)).toEqual([String(value)]);
        for (const [datatype, data, limit] of [["FP32", Float32Array.of(Number(value)), 2n ** 24n], ["FP64", Float64Array.of(Number(value)), 2n ** 53n]] as const) {
          if (value > -limit && value < limit) expect(bound(spec, typed(datatype, data))).toEqual([String(value)]);
          else expect(() => bound(spec, typed(datatype, data))).toThrow(/does not tell from its neighbours; send it as a string/);
        }
      }),
    );
  });

  test("a float of 32 bits is the category of its shortest decimal", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }), (value) => {
        const shortest = float32Text(value);
        fc.pre(!shortest.includes("e"));
        const known = Object.is(value, -0) ? "0" : shortest;
        expect(bound({ ...words, known: new KnownCategories([known]) }, typed("FP32", Float32Array.of(value)))).toEqual([known]);
      }),
    );
  });
});

describe("what is not understood is refused", () => {
  test.each<[spec: TensorSpec, input: Input, message: RegExp]>([
    [number, cells("far"), /"x": data\[0\] is "far"; it takes numbers \(null for a missing one\)/],
    [number, cells("1,658"), /is "1,658"/],
    [number, typed("BYTES", ["1", "x"]), /inputs "x": data\[1\] is "x"/],
    [german, cells("1.23"), /it takes numbers with "\." between thousands and a decimal comma/],
    [when, cells("soon"), /dates such as 31\/12\/2024, or ISO dates/],
    [when, cells(2024), /data\[0\] is 2024/],
    [when, cells(true), /data\[0\] is true/],
    [when, typed("FP32", Float32Array.of(1.7e9)), /FP32 does not tell from its neighbours/],
    [words, cells({}), /data\[0\] is an object/],
    [words, typed("BYTES", [Buffer.of(0xff)]), /no UTF-8/],
    [number, cells([1, 2]), /has the shape \[1,2\]; it must be \[N\] or \[N, 1\]/],
    [text, typed("FP32", Float32Array.of(1)), /is a category and came as FP32/],
    [text, cells(1.5), /it takes strings/],
    [plain, cells("far"), /it takes numbers/],
    [{ ...plain, datatype: "INT64" }, cells("9007199254740993.5"), /it takes integers of 64 bits/],
    [{ ...plain, datatype: "BOOL" }, cells("maybe"), /true and false/],
  ])("%o", (spec, input, message) => expect(() => bound(spec, input)).toThrow(message));

  test("integers of 64 bits in texts are exact", () => expect(bound({ ...plain, datatype: "INT64" }, cells("9007199254740993"))).toEqual([9007199254740993n]));
});

describe("inputs that a model does not know", () => {
  const sent = [cells(1), { ...cells("a"), name: "id" }, { ...cells({ deep: [] }), name: "__proto__" }];
  const bind = (spec: TensorSpec, unknown?: UnknownInputs, inputs: Input[] = sent) => bindInputs(inputs, modelOf(spec), new Set(["x"]), unknown);

  test("are left out and told where the model takes columns, or the configuration says so", () => {
    expect(bind(number).ignored).toEqual(["id", "__proto__"]);
    expect(bind(plain, "ignore").ignored).toEqual(["id", "__proto__"]);
    expect(bind(number, undefined, [cells(1)])).not.toHaveProperty("ignored");
  });

  test("are refused elsewhere", () => {
    expect(() => bind(plain)).toThrow(/The model has no input "id"/);
    expect(() => bind(number, "refuse")).toThrow(/The model has no input "id"/);
  });

  test("a missing one is named, with those that came in its place", () => {
    expect(() => bind(number, undefined, sent.slice(1))).toThrow(/The input "x" is missing; .* The model does not know "id", "__proto__", which came\./);
  });
});

test("categories that training did not see are told by their places, and keep their text", () => {
  const { inputs, unseen } = bindInputs([cells("b", "c", null, "07", 7)], modelOf(words), new Set(["x"]));
  expect(inputs[0].data).toEqual(["b", "c", "", "07", "7"]);
  expect(unseen).toEqual(new Map([["x", [1, 3]]]));
});

test("a column that says when a row happened and is left out is the time of the request, or its day", () => {
  const x: TensorSpec = { name: "x", datatype: "FP32", shape: [-1, 1] };
  const time = Date.UTC(2024, 11, 31, 14, 5);
  for (const [eventTime, instant] of [["TIMESTAMP", time], ["DATE", Date.UTC(2024, 11, 31)]] as const) {
    const at: TensorSpec = { ...when, name: "at", optional: true, eventTime };
    const two: Input = { name: "x", datatype: "FP32", shape: [2, 1], data: Float32Array.of(1, 2) };
    const { inputs } = bindInputs([two], modelOf(at, x), new Set(["x"]), undefined, time);
    expect(inputs).toEqual([{ name: "at", datatype: "FP64", shape: [2, 1], data: Float64Array.of(instant, instant), filled: true }, two]);
    const own: Input = { name: "at", shape: [2], value: ["01/02/2024", null], where: "at" };
    expect(bindInputs([two, own], modelOf(at, x), new Set(["x"]), undefined, time).inputs[0].data).toEqual(Float64Array.of(Date.UTC(2024, 1, 1), NaN));
  }
});
