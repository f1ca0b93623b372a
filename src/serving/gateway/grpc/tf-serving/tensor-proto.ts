import type protobuf from "protobufjs";
import { dtypes } from "../../protocols/tf-serving/dtypes.ts";
import { bytesElement, concatValues, elementBytes } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Numbers, Tensor, Values } from "../../tensors/tensor.ts";
import { bools, delimited, float32s, float64s, int32s, int64s, packed, readRun, uint32s, uint64s } from "../repeated-numbers.ts";
import type { NumberField } from "../repeated-numbers.ts";

/** A TensorProto as it came: elements in `content`, in fields of their kind, or in both where a client is confused. */
export interface TensorProto {
  dtype: number;
  readonly shape: number[];
  unknownRank: boolean;
  content: Buffer | undefined;
  /** The fields that had numbers, each in the array of its own kind. */
  readonly numbers: Map<ValueField, Values>;
  readonly strings: BytesElement[];
}

export type ValueField = "half_val" | "float_val" | "double_val" | "int_val" | "int64_val" | "bool_val" | "uint32_val" | "uint64_val";

/** By field number. */
const fields: ReadonlyMap<number, NumberField<ValueField>> = new Map([
  [5, { name: "float_val", ...float32s }],
  [6, { name: "double_val", ...float64s }],
  [7, { name: "int_val", ...int32s }],
  [10, { name: "int64_val", ...int64s }],
  [11, { name: "bool_val", ...bools }],
  [13, { name: "half_val", ...int32s }],
  [16, { name: "uint32_val", ...uint32s }],
  [17, { name: "uint64_val", ...uint64s }],
] as const);
const [dtypeField, shapeField, contentField, stringField] = [1, 2, 4, 8];

/** The field that holds the elements of a datatype; BYTES are in `string_val`. */
export const valueField: Readonly<Record<Exclude<Datatype, "BYTES">, ValueField>> = {
  FP16: "half_val",
  BF16: "half_val",
  FP32: "float_val",
  FP64: "double_val",
  INT8: "int_val",
  INT16: "int_val",
  INT32: "int_val",
  UINT8: "int_val",
  UINT16: "int_val",
  INT64: "int64_val",
  BOOL: "bool_val",
  UINT32: "uint32_val",
  UINT64: "uint64_val",
};
const fieldNumber: ReadonlyMap<string, number> = new Map([...fields].map(([number, { name }]) => [name, number]));

/** Decodes a TensorProto of `length` bytes; elements may be packed, one by one, or both, as protobuf allows. */
export function readTensorProto(reader: protobuf.Reader, length: number): TensorProto {
  const tensor: TensorProto = { dtype: 0, shape: [], unknownRank: false, content: undefined, numbers: new Map(), strings: [] };
  const end = endOf(reader, length);
  while (reader.pos < end) {
    const tag = reader.uint32();
    const [number, wire] = [tag >>> 3, tag & 7];
    const field = fields.get(number);
    if (field && (wire === delimited || wire === field.wire)) {
      const run = readRun(reader, field, wire === delimited, end);
      const before = tensor.numbers.get(field.name);
      tensor.numbers.set(field.name, before ? concatValues([before, run]) : run);
    } else if (number === dtypeField && wire === 0) tensor.dtype = reader.int32();
    else if (number === shapeField && wire === delimited) readShape(reader, reader.uint32(), tensor);
    else if (number === contentField && wire === delimited) tensor.content = reader.bytes() as Buffer;
    else if (number === stringField && wire === delimited) tensor.strings.push(bytesElement(reader.bytes() as Buffer));
    else reader.skipType(wire);
  }
  if (reader.pos !== end) throw new RangeError("a tensor reaches beyond its end");
  return tensor;
}

/** TensorShapeProto: sizes (field 1) of dimensions (field 2), and whether the rank is unknown (field 3). */
function readShape(reader: protobuf.Reader, length: number, tensor: TensorProto): void {
  const end = endOf(reader, length);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === ((2 << 3) | delimited)) tensor.shape.push(readDimension(reader, reader.uint32()));
    else if (tag === 3 << 3) tensor.unknownRank = reader.bool();
    else reader.skipType(tag & 7);
  }
}

function readDimension(reader: protobuf.Reader, length: number): number {
  const end = endOf(reader, length);
  let size = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 1 << 3) size = Number(reader.int64());
    else reader.skipType(tag & 7);
  }
  return size;
}

function endOf(reader: protobuf.Reader, length: number): number {
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("a tensor reaches beyond the message");
  return end;
}

/** Encodes a tensor, its elements in the field of their kind: what clients of TensorFlow Serving read. */
export function writeTensorProto({ datatype, shape, data }: Tensor, writer: protobuf.Writer): protobuf.Writer {
  // Integers with missing values are doubles.
  const known = data instanceof Float64Array ? "FP64" : datatype;
  writer.uint32(dtypeField << 3).int32(dtypes[known].number);
  writer.uint32((shapeField << 3) | delimited).fork();
  for (const size of shape) writer.uint32((2 << 3) | delimited).fork().uint32(1 << 3).int64(size).ldelim();
  writer.ldelim();
  if (Array.isArray(data)) {
    for (const element of data) writer.uint32((stringField << 3) | delimited).bytes(elementBytes(element));
    return writer;
  }
  if (data.length === 0) return writer;
  const number = fieldNumber.get(valueField[known as keyof typeof valueField])!;
  return writer.uint32((number << 3) | delimited).bytes(packed(bits(data)));
}

/** 16-bit floats go as the bits that they are. */
const bits = (data: Numbers): Numbers => (data instanceof Float16Array ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data);
