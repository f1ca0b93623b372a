/** A value as Thrift's compact protocol writes it; fields of a struct by their id. */
export type DecodedValue = number | Buffer | DecodedStruct | readonly DecodedValue[];
export type DecodedStruct = ReadonlyMap<number, DecodedValue>;

/** Reads the struct that begins at `start`, and says where it ends; throws `RangeError` where the bytes are none that `encodeStruct` writes. */
export function decodeStruct(bytes: Buffer, start: number): { readonly value: DecodedStruct; readonly end: number } {
  const reader = new Reader(bytes, start);
  const value = reader.struct();
  return { value, end: reader.at };
}

class Reader {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(): DecodedStruct {
    const fields = new Map<number, DecodedValue>();
    for (let id = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return fields;
      if (head >> 4 === 0) throw new RangeError("a field's id in a byte of its own");
      id += head >> 4;
      fields.set(id, this.#value(head & 15));
    }
  }

  #value(type: number): DecodedValue {
    switch (type) {
      case 5:
      case 6: {
        const value = this.#varint();
        return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
      }
      case 8: {
        const length = this.#varint();
        if (this.at + length > this.#bytes.length) throw new RangeError("a text beyond the end");
        return this.#bytes.subarray(this.at, (this.at += length));
      }
      case 9: {
        const head = this.#byte();
        const length = head >> 4 === 15 ? this.#varint() : head >> 4;
        return Array.from({ length }, () => this.#value(head & 15));
      }
      case 12:
        return this.struct();
      default:
        throw new RangeError(`a value of type ${type}`);
    }
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 49) throw new RangeError("an integer beyond 2^53");
    }
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError("a struct that does not end");
    return this.#bytes[this.at++];
  }
}
