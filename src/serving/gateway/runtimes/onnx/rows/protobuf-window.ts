import { readSync } from "node:fs";

/** A field of a protobuf message: a number, or where its content lies. */
export interface Field {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes. */
  readonly kind: number;
  /** Of varints. */
  readonly value: bigint;
  readonly start: number;
  readonly end: number;
}

const windowBytes = 1 << 16;

/**
 * Reads protobuf messages of a file by windows of it, so that what is skipped is never read (protobuf.dev/programming-guides/encoding). Blocks its thread, and
 * is for a process of its own. What does not fit together throws a RangeError that says where.
 */
export class ProtobufWindow {
  readonly #file: number;
  readonly #window = Buffer.alloc(windowBytes);
  #from = 0;
  #to = 0;

  constructor(file: number) {
    this.#file = file;
  }

  *fields(start: number, end: number): Generator<Field> {
    for (let at = start; at < end;) {
      const tag = this.#varint(at, end);
      const kind = Number(tag.value & 7n);
      const number = Number(tag.value >> 3n);
      at = tag.end;
      if (kind === 0) {
        const { value, end: next } = this.#varint(at, end);
        yield { number, kind, value, start: at, end: next };
        at = next;
        continue;
      }
      let length: number;
      if (kind === 1) length = 8;
      else if (kind === 5) length = 4;
      else if (kind === 2) {
        const said = this.#varint(at, end);
        at = said.end;
        length = Number(said.value);
      } else throw new RangeError(`the field at byte ${at} is of wire type ${kind}`);
      if (at + length > end) throw new RangeError(`the field at byte ${at} ends after the message that holds it`);
      yield { number, kind, value: 0n, start: at, end: at + length };
      at += length;
    }
  }

  text({ start, end }: Field): string {
    return this.bytes(start, end).toString("utf8");
  }

  /** A copy of what lies there. */
  bytes(start: number, end: number): Buffer {
    if (end - start > windowBytes) throw new RangeError(`there are more than ${windowBytes} bytes at byte ${start} where a short value belongs`);
    this.#need(start, end);
    return Buffer.from(this.#window.subarray(start - this.#from, end - this.#from));
  }

  /** Integers of a repeated field, packed or one of them. */
  *integers(field: Field): Generator<bigint> {
    if (field.kind === 0) {
      yield field.value;
      return;
    }
    for (let at = field.start; at < field.end;) {
      const { value, end } = this.#varint(at, field.end);
      yield value;
      at = end;
    }
  }

  #need(from: number, to: number): void {
    if (from >= this.#from && to <= this.#to) return;
    const read = readSync(this.#file, this.#window, 0, windowBytes, from);
    this.#from = from;
    this.#to = from + read;
    if (to > this.#to) throw new RangeError(`the file ends at byte ${this.#to}`);
  }

  #varint(from: number, end: number): { readonly value: bigint; readonly end: number } {
    this.#need(from, Math.min(end, from + 10));
    let value = 0;
    for (let at = from, shift = 0; at < end && shift < 70; at++, shift += 7) {
      const byte = this.#window[at - this.#from];
      if (shift < 28) value += (byte & 127) * 2 ** shift;
      else return this.#longVarint(from, end);
      if (byte < 128) return { value: BigInt(value), end: at + 1 };
    }
    throw new RangeError(`the number at byte ${from} does not end`);
  }

  #longVarint(from: number, end: number): { readonly value: bigint; readonly end: number } {
    let value = 0n;
    for (let at = from, shift = 0; at < end && shift < 70; at++, shift += 7) {
      const byte = this.#window[at - this.#from];
      value |= BigInt(byte & 127) << BigInt(shift);
      if (byte < 128) return { value: BigInt.asUintN(64, value), end: at + 1 };
    }
    throw new RangeError(`the number at byte ${from} does not end`);
  }
}
