import { describe, expect, test } from "vitest";
import { KnownCategories } from "../../../../values/known-categories.ts";
import type { TensorSpec } from "../../runtimes/runtime.ts";
import { readCsv } from "./csv.ts";
import { readJsonLines } from "./json-lines.ts";
import { writeCsv, writeLines } from "./answer-lines.ts";
import type { RowTaker } from "./rows-by-place.ts";

const column = (name: string, datatype: TensorSpec["datatype"], more: Partial<TensorSpec> = {}): TensorSpec => ({ name, datatype, shape: [-1, 1], ...more });
const two: RowTaker = { inputs: [column("a", "FP32"), column("b", "FP32")] };
const trips: RowTaker = { inputs: [column("distance", "FP32"), column("city", "BYTES", { reading: { type: "category" }, known: new KnownCategories(["Oslo", "Rome"]) })], namedColumns: true };
const words: RowTaker = { inputs: [column("text", "BYTES")] };
const matrix: RowTaker = { inputs: [{ name: "x", datatype: "FP32", shape: [-1, -1] }] };
const dated: RowTaker = { inputs: [column("when", "BYTES", { reading: { type: "timestamp" }, fed: "FP64", optional: true, eventTime: "DATE" }), column("a", "INT64")] };

const columns = (entries: Record<string, unknown[]>) => ({ kind: "columns", columns: new Map(Object.entries(entries)) });

describe("CSV with and without a line of names", () => {
  test.each<[what: string, text: string, model: RowTaker, read: object]>([
    ["names", "b,a\n2,1\n", two, columns({ b: ["2"], a: ["1"] })],
    ["names, one of which is the model's", "a,c\n1,2", two, columns({ a: ["1"], c: ["2"] })],
    ["names of other columns", "c,d\n1,2", two, columns({ c: ["1"], d: ["2"] })],
    // numpy.array([[1., 2.], [3., 4.]]) by sagemaker 3.27.0's CSVSerializer
    ["rows", "1.0,2.0\n3.0,4.0", two, columns({ a: ["1.0", "3.0"], b: ["2.0", "4.0"] })],
    ["a row", "1.0,nan", two, columns({ a: ["1.0"], b: ["nan"] })],
    ["a row without any value", "NaN,nan", two, columns({ a: ["NaN"], b: ["nan"] })],
    ["a row with infinities and nothing", "-inf,", two, columns({ a: ["-inf"], b: [""] })],
    ["a row with a category that is known", ",Oslo", trips, columns({ distance: [""], city: ["Oslo"] })],
    ["a row with one that is not, and a number", "5,Bonn", trips, columns({ distance: ["5"], city: ["Bonn"] })],
    ["rows of a matrix", "1.0,2.0\n3.0,4.0", matrix, { kind: "array", values: [["1.0", "2.0"], ["3.0", "4.0"]] }],
    ["integers of a matrix that do not rise", "2,1\n3,4", matrix, { kind: "array", values: [["2", "1"], ["3", "4"]] }],
    ["names of a matrix", "x1,x2\n3,4", matrix, columns({ x1: ["3"], x2: ["4"] })],
    ["a row with a time", "2024-01-02,7", dated, columns({ when: ["2024-01-02"], a: ["7"] })],
    ["a row without the time of the event", "7", dated, columns({ a: ["7"] })],
  ])("%s", (_, text, model, read) => expect(readCsv(text, model, undefined)).toEqual(read));

  test.each<[what: string, text: string, model: RowTaker]>([
    ["texts alone", "hello\nworld", words],
    ["pandas' names of columns without names", "0,1\n5,6", matrix],
    ["wavelengths", "400,410,420\n1,2,3", matrix],
    ["a single 0", "0\n5", matrix],
  ])("%s may be either, and is refused until the content type says it", (_, text, model) => {
    expect(() => readCsv(text, model, undefined)).toThrow(/may be a row or the names of columns.*header=absent/);
    expect(readCsv(text, model, "present").kind).toBe("columns");
    const read = readCsv(text, model, "absent");
    expect(read.kind === "array" ? read.values.length : [...read.columns.values()][0].length).toBe(2);
  });

  test("rows without names that are no rows of the model are refused", () => {
    expect(() => readCsv("1,2,3", two, "absent")).toThrow('rows of 3 values without names; the model takes "a", "b"');
    expect(() => readCsv("1,2\n3", two, undefined)).toThrow("Line 2 of the CSV has 1 values for 2 columns");
  });
});

describe("JSON Lines", () => {
  test.each<[what: string, text: string, model: RowTaker, read: object]>([
    ["objects, of which one lacks a field", '{"a": 1, "b": 2}\r\n\n{"a": NaN}\n', two, columns({ a: [1, null], b: [2, null] })],
    ["lists", "[1, 2]\n[3, Infinity]", two, columns({ a: [1, 3], b: [2, Infinity] })],
    ["features", '{"features": [1, 2]}', two, columns({ a: [1], b: [2] })],
    ["lists of a matrix", "[1, 2]\n[3, 4]", matrix, { kind: "array", values: [[1, 2], [3, 4]] }],
    ["values of one column", '"x"\n"y"', words, { kind: "array", values: ["x", "y"] }],
    ["nothing", "\n", two, columns({})],
  ])("%s", (_, text, model, read) => expect(readJsonLines(text, model)).toEqual(read));

  test.each<[text: string, model: RowTaker, message: RegExp]>([
    ['{"a": 1}\n\n[1]', two, /Line 3 of the JSON Lines is a list where others are objects/],
    ["[1, 2]\n[1]", two, /Line 2 .* is a list of 1 where others are lists of 2/],
    ["[1, 2]\n{}", two, /Line 2 .* is an object where others/],
    ["1", two, /Line 1 .* is a number; it must be an object of values by column, or a list of the model's 2 values/],
    ["[1]\n[", matrix, /Line 2 .* is no JSON/],
    ["[1, 2, 3]", two, /rows of 3 values without names/],
  ])("%j is refused", (text, model, message) => expect(() => readJsonLines(text, model)).toThrow(message));
});

test("answers of a line per row", () => {
  const outputs = [
    { name: "y", datatype: "FP32", shape: [2, 1], data: Float32Array.of(0.1, Infinity) },
    { name: "p", datatype: "FP64", shape: [2, 2], data: Float64Array.of(1, NaN, -0, 2) },
    { name: "t", datatype: "BYTES", shape: [2], data: ["x", 'a,"b'] },
  ] as const;
  const tensors = outputs.map((one) => ({ ...one, data: Array.isArray(one.data) ? [...one.data] : one.data })) as Parameters<typeof writeCsv>[0];
  expect(writeLines(tensors)).toBe('{"y":0.1,"p":[1,null],"t":"x"}\n{"y":1e999,"p":[-0.0,2],"t":"a,\\"b"}\n');
  expect(writeCsv(tensors)).toBe('0.1,1,NaN,x\nInfinity,-0.0,2,"a,""b"\n');
  expect([writeLines([]), writeCsv([])]).toEqual(["", ""]);
});
