import * as fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { dtypes } from "../../protocols/tf-serving/dtypes.ts";
import { rawBytes } from "../../tensors/raw.ts";
import type { Datatype, Values } from "../../tensors/tensor.ts";
import { parseProto } from "../define-service.ts";
import { readTensors } from "./read-tensor.ts";
import { servingProtos } from "./serving-proto.ts";
import { readTensorProto, valueField, writeTensorProto } from "./tensor-proto.ts";

/** The codec that protobufjs makes, which packs, and one of the same fields that does not. */
const packing = (texts: readonly string[]) => parseProto(...texts).lookupType("tensorflow.TensorProto");
const generic = packing(servingProtos);
const unpacked = packing(servingProtos.map((text) => text.replace(/repeated (\w+) (?!string_val)(\w+_val) = (\d+);/g, "repeated $1 $2 = $3 [packed = false];")));

const int = (min: number, max: number) => fc.integer({ min, max });
const cases: [Datatype, fc.Arbitrary<unknown[]>, (values: never[]) => Values][] = [
  ["BOOL", fc.array(int(0, 1)), (values) => Uint8Array.from(values)],
  ["INT8", fc.array(int(-128, 127)), (values) => Int8Array.from(values)],
  ["INT16", fc.array(int(-32_768, 32_767)), (values) => Int16Array.from(values)],
  ["INT32", fc.array(int(-(2 ** 31), 2 ** 31 - 1)), (values) => Int32Array.from(values)],
  ["UINT8", fc.array(int(0, 255)), (values) => Uint8Array.from(values)],
  ["UINT16", fc.array(int(0, 65_535)), (values) => Uint16Array.from(values)],
  ["UINT32", fc.array(int(0, 2 ** 32 - 1)), (values) => Uint32Array.from(values)],
  ["INT64", fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => BigInt64Array.from(values)],
  ["UINT64", fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (values) => BigUint64Array.from(values)],
  ["FP16", fc.array(int(0, 0x7bff)), (values) => new Float16Array(Uint16Array.from(values).buffer)],
  ["BF16", fc.array(int(0, 65_535)), (values) => Uint16Array.from(values)],
  ["FP32", fc.array(fc.float({ noNaN: true })), (values) => Float32Array.from(values)],
  ["FP64", fc.array(fc.double({ noNaN: true })), (values) => Float64Array.from(values)],
  ["BYTES", fc.array(fc.string({ unit: "binary" })), (values) => values],
];

const long = (value: bigint) => ({ low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false });
const plain = (value: unknown): unknown => (typeof value === "bigint" ? long(value) : typeof value === "string" ? Buffer.from(value) : value);

const parsed = (bytes: Uint8Array) => readTensorProto(protobuf.Reader.create(Buffer.from(bytes)), bytes.length);
const read = (bytes: Uint8Array) => readTensors({ x: parsed(bytes) })[0];
const proto = (datatype: Datatype, count: number, more: object, codec = generic) =>
  codec.encode({ dtype: dtypes[datatype].number, tensor_shape: { dim: [{ size: count }] }, ...more }).finish();
const fieldOf = (datatype: Datatype) => (datatype === "BYTES" ? "string_val" : valueField[datatype]);

describe("TensorProto", () => {
  test.each(cases)("%s is read as protobuf writes it, packed or not and as content, and written as protobuf reads it", (datatype, elements, toValues) => {
    fc.assert(
      fc.property(elements, (list) => {
        const data = toValues(list as never[]);
        const tensor = { name: "x", datatype, shape: [list.length], data };
        const field = { [fieldOf(datatype)]: list.map(plain) };
        for (const codec of [generic, unpacked]) expect(read(proto(datatype, list.length, field, codec))).toEqual(tensor);
        if (datatype !== "BYTES") expect(read(proto(datatype, list.length, { tensor_content: rawBytes(data) }))).toEqual(tensor);
        const written = writeTensorProto(tensor, protobuf.Writer.create()).finish();
        expect(read(written)).toEqual(tensor);
        expect(read(generic.encode(generic.decode(written)).finish())).toEqual(tensor);
      }),
    );
  });

  test("strings as content are their lengths, then their bytes", () => {
    const content = Buffer.concat([Buffer.of(2, 0, 3), Buffer.from("hi"), Buffer.from([0xff, 0xfe, 0xfd])]);
    expect(read(proto("BYTES", 3, { tensor_content: content })).data).toEqual(["hi", "", Buffer.of(0xff, 0xfe, 0xfd)]);
    expect(() => read(proto("BYTES", 2, { tensor_content: content }))).toThrow(/asks for 2 strings, and tensor_content does not hold as many/);
    expect(() => read(proto("BYTES", 3, { tensor_content: Buffer.of(1, 1, 9, 65) }))).toThrow(/does not hold as many/);
  });

  test.each<[what: string, datatype: Datatype, count: number, more: object, data: Values]>([
    ["one value stands for all", "FP32", 3, { float_val: [2.5] }, Float32Array.of(2.5, 2.5, 2.5)],
    ["the last value is repeated", "INT32", 4, { int_val: [1, 2] }, Int32Array.of(1, 2, 2, 2)],
    ["one large integer stands for all", "INT64", 2, { int64_val: [5] }, BigInt64Array.of(5n, 5n)],
    ["one half stands for all", "FP16", 2, { half_val: [0x3c00] }, Float16Array.of(1, 1)],
    ["one string stands for all", "BYTES", 2, { string_val: [Buffer.from("a")] }, ["a", "a"]],
    ["no value is zero", "FP64", 2, {}, Float64Array.of(0, 0)],
    ["no string is empty", "BYTES", 2, {}, ["", ""]],
  ])("%s", (_, datatype, count, more, data) => {
    expect(read(proto(datatype, count, more)).data).toEqual(data);
  });

  test("a scalar has no dimensions, a matrix two", () => {
    expect(read(generic.encode({ dtype: 1, tensor_shape: {}, float_val: [3] }).finish())).toEqual({ name: "x", datatype: "FP32", shape: [], data: Float32Array.of(3) });
    expect(read(generic.encode({ dtype: 1, tensor_shape: { dim: [{ size: 1 }, { size: 2 }] }, float_val: [3] }).finish()).shape).toEqual([1, 2]);
  });

  test.each<[what: string, message: object, error: RegExp]>([
    ["too many values", { dtype: 1, tensor_shape: { dim: [{ size: 1 }] }, float_val: [1, 2] }, /inputs "x": the shape asks for 1 elements, and there are 2/],
    ["too few bytes", { dtype: 1, tensor_shape: { dim: [{ size: 2 }] }, tensor_content: Buffer.alloc(4) }, /2 elements of FP32 take 8 bytes, and tensor_content has 4/],
    ["a byte too large", { dtype: 4, tensor_shape: { dim: [{ size: 1 }] }, int_val: [256] }, /int_val\[0\] is 256; DT_UINT8 takes integers from 0 to 255/],
    ["complex numbers", { dtype: 8, tensor_shape: {} }, /the dtype 8 is not taken; it must be one of DT_FLOAT/],
    ["an open dimension", { dtype: 1, tensor_shape: { dim: [{ size: -1 }] } }, /has the dimension -1/],
    ["an unknown rank", { dtype: 1, tensor_shape: { unknown_rank: true } }, /must be known/],
    ["a few bytes that ask for all memory", { dtype: 1, tensor_shape: { dim: [{ size: 2 ** 40 }] }, float_val: [1] }, /may leave 16777216 to be filled up/],
    ["dimensions beyond counting", { dtype: 1, tensor_shape: { dim: [{ size: 2 ** 40 }, { size: 2 ** 40 }] } }, /more elements than can be counted/],
  ])("%s is said so", (_, message, error) => {
    expect(() => read(generic.encode(message).finish())).toThrow(error);
  });

  test("many inputs of a few bytes together do not ask for all memory either", () => {
    const large = proto("FP32", 2 ** 20, { float_val: [1] });
    const inputs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, parsed(large)]));
    expect(readTensors(inputs(2))).toHaveLength(2);
    expect(() => readTensors(inputs(17))).toThrow(/inputs "x16": the shape asks for 1048576 elements, and 1 are there/);
  });

  test("any bytes are read or refused, never past their end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, length) => {
        const reader = protobuf.Reader.create(Buffer.from(bytes));
        try {
          readTensorProto(reader, length);
          expect(reader.pos).toBe(length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
