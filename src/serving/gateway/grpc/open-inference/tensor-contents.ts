import type protobuf from "protobufjs";
import { bytesElement, concatValues, elementBytes } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Values } from "../../tensors/tensor.ts";
import { bools, delimited, float32s, float64s, int32s, int64s, packed, readRun, uint32s, uint64s } from "../repeated-numbers.ts";
import type { NumberField } from "../repeated-numbers.ts";

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

/** By field number. */
const fields: readonly (NumberField<ContentsField> | undefined)[] = [
  undefined,
  { name: "bool_contents", ...bools },
  { name: "int_contents", ...int32s },
  { name: "int64_contents", ...int64s },
  { name: "uint_contents", ...uint32s },
  { name: "uint64_contents", ...uint64s },
  { name: "fp32_contents", ...float32s },
  { name: "fp64_contents", ...float64s },
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
