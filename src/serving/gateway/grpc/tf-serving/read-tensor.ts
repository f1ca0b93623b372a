import protobuf from "protobufjs";
import { invalid } from "../../../../errors.ts";
import { fromBinary } from "../../protocols/open-inference/binary-tensors.ts";
import { datatypeOf, dtypes } from "../../protocols/tf-serving/dtypes.ts";
import { bytesElement, datatypes, elementCount } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Numbers, Tensor, Values } from "../../tensors/tensor.ts";
import { valueField } from "./tensor-proto.ts";
import type { TensorProto } from "./tensor-proto.ts";

/** Elements that the tensors of a request may have beyond those that it says: a few bytes shall not fill the memory. */
const mostRepeated = 2 ** 24;

/** How many elements may still be filled up. */
interface Room {
  left: number;
}

/** The inputs of a request as tensors; fails as `readTensor` does. */
export function readTensors(inputs: Readonly<Record<string, TensorProto>>): Tensor[] {
  const room: Room = { left: mostRepeated };
  return Object.entries(inputs).map(([name, proto]) => readTensor(name, proto, room));
}

/**
 * A TensorProto as a tensor. As in TensorFlow, fewer elements than the shape asks for are filled up with the last of
 * them, and none with zeros (tensorflow/core/framework/tensor.cc, FromProtoField). Fails with a sentence that names the input.
 */
function readTensor(name: string, proto: TensorProto, room: Room): Tensor {
  const where = `inputs "${name}"`;
  const datatype = datatypeOf.get(proto.dtype);
  if (datatype === undefined) {
    throw invalid("serving.bad_datatype", `${where}: the dtype ${proto.dtype} is not taken; it must be one of ${Object.values(dtypes).map((one) => one.name).join(", ")}.`);
  }
  if (proto.unknownRank) throw invalid("serving.bad_shape", `${where}: the shape of a tensor that is sent must be known.`);
  const { shape } = proto;
  return { name, datatype, shape, data: elements(proto, datatype, elementCount(shape, where), where, room) };
}

function elements(proto: TensorProto, datatype: Datatype, count: number, where: string, room: Room): Values {
  const { content, strings, numbers } = proto;
  if (datatype === "BYTES") return content && content.length > 0 ? encodedStrings(content, count, where) : filledStrings(strings, count, where, room);
  if (content && content.length > 0) return fromBinary(content, datatype, count, where, "tensor_content has");
  const values = numbers.get(valueField[datatype]) as Numbers | undefined;
  return filled(values && kindOf(values, datatype, where), datatype, count, where, room);
}

/** Elements in the array of their datatype: narrow integers and 16-bit floats come in 32 bits. */
function kindOf(values: Numbers, datatype: Datatype, where: string): Numbers {
  const { array, range, integer } = datatypes.get(datatype)!;
  if (values.constructor === array) return values;
  const [least, most] = integer ? range : [0, 0xffff];
  const narrow = integer ? new array!(values.length) : new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least || value > most) {
      throw invalid("serving.bad_value", `${where}: ${valueField[datatype as keyof typeof valueField]}[${i}] is ${value}; ${dtypes[datatype].name} takes ${integer ? "integers" : "bits"} from ${least} to ${most}.`);
    }
    narrow[i] = value;
  }
  return datatype === "FP16" ? new Float16Array(narrow.buffer as ArrayBuffer) : narrow;
}

function filled(values: Numbers | undefined, datatype: Datatype, count: number, where: string, room: Room): Numbers {
  const found = values?.length ?? 0;
  if (values && found === count) return values;
  fillUp(found, count, where, room);
  const all = new (datatypes.get(datatype)!.array!)(count);
  if (!values || found === 0) return all;
  all.set(values as never);
  return all.fill(values[found - 1] as never, found);
}

function filledStrings(strings: readonly BytesElement[], count: number, where: string, room: Room): BytesElement[] {
  if (strings.length === count) return [...strings];
  fillUp(strings.length, count, where, room);
  const last = strings.at(-1) ?? "";
  return [...strings, ...Array.from({ length: count - strings.length }, () => last)];
}

function fillUp(found: number, count: number, where: string, room: Room): void {
  if (found > count) throw invalid("serving.bad_length", `${where}: the shape asks for ${count} elements, and there are ${found}.`);
  room.left -= count - found;
  if (room.left >= 0) return;
  throw invalid("serving.bad_length", `${where}: the shape asks for ${count} elements, and ${found} are there; a request may leave ${mostRepeated} to be filled up, so send them all.`);
}

/** Strings in `tensor_content`: the lengths of all as varints, then their bytes (tensorflow/core/lib/strings/coding, EncodeStringList). */
function encodedStrings(content: Buffer, count: number, where: string): BytesElement[] {
  const wrong = () => invalid("serving.bad_length", `${where}: the shape asks for ${count} strings, and tensor_content does not hold as many.`);
  if (count > content.length) throw wrong();
  const reader = protobuf.Reader.create(content);
  const found: BytesElement[] = [];
  try {
    const lengths = Array.from({ length: count }, () => reader.uint32());
    for (const length of lengths) {
      if (reader.pos + length > content.length) throw wrong();
      found.push(bytesElement(content.subarray(reader.pos, (reader.pos += length))));
    }
  } catch {
    throw wrong();
  }
  if (reader.pos !== content.length) throw wrong();
  return found;
}
