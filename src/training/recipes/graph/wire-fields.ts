import protobuf from "protobufjs";

/** A field of a protobuf message as it stands in the file, known or not. */
export interface WireField {
  readonly number: number;
  /** Tag and content. */
  readonly raw: Uint8Array;
  /** The content of a field with a length; empty for numbers. */
  readonly bytes: Uint8Array;
  /** Protobuf's wire type: 0 for a varint, 2 for a content with a length. */
  readonly wire: number;
  /** A number as varint; 0 for other fields. */
  readonly value: number;
}

/** The fields of a message in their order. Throws what protobufjs says of bytes that are no message. */
export function wireFields(message: Uint8Array): WireField[] {
  const reader = protobuf.Reader.create(message);
  const fields: WireField[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const [number, wire] = [tag >>> 3, tag & 7];
    let [bytes, value] = [new Uint8Array(), 0];
    if (wire === 2) bytes = reader.bytes() as Uint8Array<ArrayBuffer>;
    else if (wire === 0) value = Number(reader.int64());
    else reader.skipType(wire);
    fields.push({ number, wire, raw: message.subarray(start, reader.pos), bytes, value });
  }
  return fields;
}

/** A field with a length. */
export function wireBytes(number: number, bytes: Uint8Array): Uint8Array {
  return protobuf.Writer.create().uint32((number << 3) | 2).bytes(bytes).finish();
}

/** A number as varint. */
export function wireNumber(number: number, value: number): Uint8Array {
  return protobuf.Writer.create().uint32(number << 3).int64(value).finish();
}

/** A text. */
export const wireText = (number: number, text: string): Uint8Array => wireBytes(number, new TextEncoder().encode(text));

/** The text of a field. */
export const textOf = ({ bytes }: WireField): string => new TextDecoder().decode(bytes);

/** Parts of a message, one after another. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A list of integers, packed or one by one: the values of the fields of that number. */
export function integersOf(fields: readonly WireField[], number: number): number[] {
  return fields.filter((field) => field.number === number).flatMap(({ bytes, value, wire }) => {
    if (wire === 0) return [value];
    const reader = protobuf.Reader.create(bytes);
    const found: number[] = [];
    while (reader.pos < reader.len) found.push(Number(reader.int64()));
    return found;
  });
}
