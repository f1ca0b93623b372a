import type protobuf from "protobufjs";
import type { Numbers, Values } from "../tensors/tensor.ts";
import { countVarints, packVarints, packVarints64 } from "./varints.ts";

/** Wire types of protobuf. */
const [varint, fixed64, fixed32] = [0, 1, 5];
export const delimited = 2;

/** Reads `count` elements. */
type Read = (reader: protobuf.Reader, count: number) => Values;

/** A repeated field of numbers. */
export interface NumberField<Name extends string = string> {
  readonly name: Name;
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

type Facts = Omit<NumberField, "name">;

/** The kinds of repeated fields of numbers, by the type in the .proto and the array that holds them. */
export const bools: Facts = { wire: varint, size: 0, read: varints(Uint8Array, "uint32") };
export const int32s: Facts = { wire: varint, size: 0, read: varints(Int32Array, "int32") };
export const uint32s: Facts = { wire: varint, size: 0, read: varints(Uint32Array, "uint32") };
export const int64s: Facts = { wire: varint, size: 0, read: varints64(BigInt64Array) };
export const uint64s: Facts = { wire: varint, size: 0, read: varints64(BigUint64Array) };
export const float32s: Facts = { wire: fixed32, size: 4, read: floats(Float32Array) };
export const float64s: Facts = { wire: fixed64, size: 8, read: floats(Float64Array) };

/** One element, or a packed run of them. */
export function readRun(reader: protobuf.Reader, { name, size, read }: NumberField, packed: boolean, end: number): Values {
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

/** Numbers as one packed run, without its length. */
export function packed(data: Numbers): Uint8Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return packVarints64(data);
  return packVarints(data);
}
