/** Thrift's compact protocol, as far as Parquet's metadata needs it (github.com/apache/thrift, thrift-compact-protocol.md). */
const types = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** A value of a field; numbers are whole and at most 2^53. */
export type ThriftValue =
  | { readonly type: "i32" | "i64"; readonly value: number }
  | { readonly type: "binary"; readonly value: string }
  | { readonly type: "struct"; readonly value: ThriftStruct }
  | { readonly type: "list"; readonly of: keyof typeof types; readonly value: readonly ThriftValue[] };

/** Fields by their id. */
export type ThriftStruct = Readonly<Record<number, ThriftValue | undefined>>;

export const i32 = (value: number): ThriftValue => ({ type: "i32", value });
export const i64 = (value: number): ThriftValue => ({ type: "i64", value });
export const text = (value: string): ThriftValue => ({ type: "binary", value });
export const struct = (value: ThriftStruct): ThriftValue => ({ type: "struct", value });
export const list = (of: keyof typeof types, value: readonly ThriftValue[]): ThriftValue => ({ type: "list", of, value });

/** A struct as bytes. */
export function encodeStruct(value: ThriftStruct): Buffer {
  const bytes: number[] = [];
  putStruct(bytes, value);
  return Buffer.from(bytes);
}

/** An unsigned integer of up to 53 bits, seven bits a byte, the lowest first. */
export function putVarint(bytes: number[], value: number): void {
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  bytes.push(value);
}

function putStruct(bytes: number[], fields: ThriftStruct): void {
  let last = 0;
  // Whole numbers come in ascending order as keys, as they must here.
  for (const [key, value] of Object.entries(fields)) {
    if (!value) continue;
    const id = Number(key);
    bytes.push(((id - last) << 4) | types[value.type]);
    last = id;
    putValue(bytes, value);
  }
  bytes.push(0);
}

function putValue(bytes: number[], value: ThriftValue): void {
  switch (value.type) {
    case "i32":
    case "i64":
      return putVarint(bytes, value.value < 0 ? -value.value * 2 - 1 : value.value * 2);
    case "binary": {
      const encoded = Buffer.from(value.value);
      putVarint(bytes, encoded.length);
      for (const byte of encoded) bytes.push(byte);
      return;
    }
    case "struct":
      return putStruct(bytes, value.value);
    case "list": {
      const { length } = value.value;
      if (length < 15) bytes.push((length << 4) | types[value.of]);
      else {
        bytes.push(0xf0 | types[value.of]);
        putVarint(bytes, length);
      }
      for (const item of value.value) putValue(bytes, item);
    }
  }
}
