import type protobuf from "protobufjs";
import { bytesElement, concatValues, elementBytes } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Numbers, Values } from "../../tensors/tensor.ts";
import { countVarints, packVarints, packVarints64 } from "./varints.ts";

/** InferTensorContents as it came: the fields that had elements, each in the array of its own kind. */
export type TensorContents = Partial<Record<ContentsField, Values>>;

type ContentsField =
  | "bool_contents"
  | "int_contents"
  | "int64_contents"
  | "uint_contents"
  | "uint64_contents"
  | "fp32_contents"
  | "fp64_contents"
  | "bytes_contents";

/** Wire types of protobuf. */
const [varint, fixed64, delimited, fixed32] = [0, 1, 2, 5];

/** Reads `count` elements. */
type Read = (reader: protobuf.Reader, count: number) => Values;

interface FieldFacts {
  readonly name: ContentsField;
  /** Of an element that stands alone. */
  readonly wire: number;
  /** Bytes per element; 0 for varints, which are counted. */
  readonly size: number;
  readonly read: Read;
}

const varints =
  (array: new (length: number) => Uint8Array | Int32Array | Uint32Array, next: "int32" | "uint32"): Read =>
  (reader, count) => {
    const found = new array(count);
    for (let i = 0; i < count; i++) found[i] = reader[next]();
    return found;
  };

/** 64-bit varints as the low and high halves they come in. */
const varints64 =
  (array: typeof BigInt64Array | typeof BigUint64Array): Read =>
  (reader, count) => {
    const words = new Int32Array(2 * count);
    for (let i = 0; i < count; i++) {
      const { low, high } = reader.int64() as unknown as { low: number; high: number };
      words[2 * i] = low;
      words[2 * i + 1] = high;
    }
    return new array(words.buffer);
  };

/** Floats lie in the message as they lie in memory. */
const floats =
  (array: typeof Float32Array | typeof Float64Array): Read =>
  (reader, count) => {
    const size = count * array.BYTES_PER_ELEMENT;
    const copy = new Uint8Array(size);
    copy.set(reader.buf.subarray(reader.pos, reader.pos + size));
    reader.pos += size;
    return new array(copy.buffer);
  };

/** By field number. */
const fields: readonly (FieldFacts | undefined)[] = [
  undefined,
  { name: "bool_contents", wire: varint, size: 0, read: varints(Uint8Array, "uint32") },
  { name: "int_contents", wire: varint, size: 0, read: varints(Int32Array, "int32") },
  { name: "int64_contents", wire: varint, size: 0, read: varints64(BigInt64Array) },
  { name: "uint_contents", wire: varint, size: 0, read: varints(Uint32Array, "uint32") },
  { name: "uint64_contents", wire: varint, size: 0, read: varints64(BigUint64Array) },
  { name: "fp32_contents", wire: fixed32, size: 4, read: floats(Float32Array) },
  { name: "fp64_contents", wire: fixed64, size: 8, read: floats(Float64Array) },
];
const bytesField = 8;

/** The field that holds elements of a datatype; FP16 and BF16 have none. */
export const fieldOf: Readonly<Partial<Record<Datatype, ContentsField>>> = {
  BOOL: "bool_contents",
  INT8: "int_contents",
  INT16: "int_contents",
  INT32: "int_contents",
  INT64: "int64_contents",
  UINT8: "uint_contents",
  UINT16: "uint_contents",
  UINT32: "uint_contents",
  UINT64: "uint64_contents",
  FP32: "fp32_contents",
  FP64: "fp64_contents",
  BYTES: "bytes_contents",
};

/**
 * Decodes an InferTensorContents of `length` bytes. Elements may be packed, one by one, or both, as protobuf allows;
 * one packed run of floats, the usual case, costs one copy.
 */
export function readContents(reader: protobuf.Reader, length: number): TensorContents {
  const parts = new Map<ContentsField, Values[]>();
  const texts: BytesElement[] = [];
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("contents reach beyond the message");
  while (reader.pos < end) {
    const tag = reader.uint32();
    const [number, wire] = [tag >>> 3, tag & 7];
    const field = fields[number];
    if (number === bytesField && wire === delimited) {
      texts.push(bytesElement(reader.bytes() as Buffer));
    } else if (field && (wire === delimited || wire === field.wire)) {
      const list = parts.get(field.name);
      const read = readRun(reader, field, wire === delimited, end);
      if (list) list.push(read);
      else parts.set(field.name, [read]);
    } else reader.skipType(wire);
  }
  if (reader.pos !== end) throw new RangeError("contents reach beyond their end");
  const contents: TensorContents = {};
  for (const [name, runs] of parts) contents[name] = concatValues(runs);
  if (texts.length > 0) contents.bytes_contents = texts;
  return contents;
}

/** One element, or a packed run of them. */
function readRun(reader: protobuf.Reader, { name, size, read }: FieldFacts, packed: boolean, end: number): Values {
  const bytes = packed ? reader.uint32() : size;
  const stop = reader.pos + bytes;
  if (stop > end) throw new RangeError(`${name} reach beyond the message`);
  if (!packed) return read(reader, 1);
  const count = size === 0 ? countVarints(reader.buf, reader.pos, stop) : bytes / size;
  if (!Number.isInteger(count)) throw new RangeError(`${name} have ${bytes} bytes, which is no whole number of elements`);
  const values = read(reader, count);
  if (reader.pos !== stop) throw new RangeError(`${name} end within an element`);
  return values;
}

/** Elements to be written as InferTensorContents. */
export interface TypedElements {
  readonly datatype: Datatype;
  readonly data: Values;
}

/** Encodes the elements of a tensor, whose datatype is neither FP16 nor BF16. */
export function writeContents({ datatype, data }: TypedElements, writer: protobuf.Writer): protobuf.Writer {
  if (Array.isArray(data)) {
    for (const element of data) writer.uint32((bytesField << 3) | delimited).bytes(elementBytes(element));
    return writer;
  }
  const number = fields.findIndex((field) => field?.name === fieldOf[datatype]);
  return data.length === 0 ? writer : writer.uint32((number << 3) | delimited).bytes(packed(data));
}

function packed(data: Numbers): Uint8Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return packVarints64(data);
  return packVarints(data);
}
