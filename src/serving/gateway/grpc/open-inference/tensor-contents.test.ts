import * as fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import type { Datatype, Values } from "../../tensors/tensor.ts";
import { parseProto } from "../define-service.ts";
import { inferenceProto } from "./infer-proto.ts";
import { fieldOf, readContents, writeContents } from "./tensor-contents.ts";

/** The codec that protobufjs makes, which packs, and one of the same fields that does not. */
const generic = parseProto(inferenceProto).lookupType("inference.InferTensorContents");
const unpacked = parseProto(
  inferenceProto.replace(/repeated (\w+) (?!bytes_contents)(\w+_contents) = (\d);/g, "repeated $1 $2 = $3 [packed = false];"),
).lookupType("inference.InferTensorContents");

const int = (min: number, max: number) => fc.integer({ min, max });
const cases: [Datatype, fc.Arbitrary<unknown[]>, (values: never[]) => Values][] = [
  ["BOOL", fc.array(fc.boolean()), (values) => Uint8Array.from(values, Number)],
  ["INT32", fc.array(int(-(2 ** 31), 2 ** 31 - 1)), (values) => Int32Array.from(values)],
  ["UINT32", fc.array(int(0, 2 ** 32 - 1)), (values) => Uint32Array.from(values)],
  ["INT64", fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => BigInt64Array.from(values)],
  ["UINT64", fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), (values) => BigUint64Array.from(values)],
  ["FP32", fc.array(fc.float()), (values) => Float32Array.from(values)],
  ["FP64", fc.array(fc.double()), (values) => Float64Array.from(values)],
  ["BYTES", fc.array(fc.string({ unit: "binary" })), (values) => values],
];

/** Elements as protobufjs takes and gives them. */
const long = (value: bigint) => ({ low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false });
const plain = (value: unknown): unknown => (typeof value === "bigint" ? long(value) : typeof value === "string" ? Buffer.from(value) : value);

describe("typed contents", () => {
  test.each(cases)("%s is read as protobuf writes it, packed or not, and written as protobuf reads it", (datatype, elements, toValues) => {
    const field = fieldOf[datatype]!;
    fc.assert(
      fc.property(elements, (list) => {
        const values = toValues(list as never[]);
        const message = { [field]: list.map(plain) };
        const expected = list.length === 0 ? {} : { [field]: values };
        for (const type of [generic, unpacked]) {
          const bytes = Buffer.from(type.encode(message).finish());
          expect(readContents(protobuf.Reader.create(bytes), bytes.length)).toEqual(expected);
        }
        const written = Buffer.from(writeContents({ datatype, data: values }, protobuf.Writer.create()).finish());
        expect(readContents(protobuf.Reader.create(written), written.length)).toEqual(expected);
        expect(written).toEqual(Buffer.from(generic.encode(message).finish()));
      }),
    );
  });

  test("several runs of a field are one list, and fields that are not known are skipped", () => {
    const both = Buffer.concat([
      generic.encode({ int_contents: [1, 2], fp64_contents: [0.5] }).finish(),
      Buffer.of(0xa0, 0x06, 0x05), // field 100, a varint
      unpacked.encode({ int_contents: [-3] }).finish(),
    ]);
    expect(readContents(protobuf.Reader.create(both), both.length)).toEqual({ int_contents: Int32Array.of(1, 2, -3), fp64_contents: Float64Array.of(0.5) });
  });

  test("any bytes are read or refused, never past their end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, length) => {
        const reader = protobuf.Reader.create(Buffer.from(bytes));
        try {
          readContents(reader, length);
          expect(reader.pos).toBe(length);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
