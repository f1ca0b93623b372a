import type { FileHandle } from "node:fs/promises";

/** Bytes kept in memory at a time. */
const windowBytes = 64 << 10;

/** A field of a protobuf message: a number, or the place of its bytes (text, packed numbers, a message). */
export interface Field {
  readonly number: number;
  /** Of varints; 0 for the others. */
  readonly value: bigint;
  readonly from: number;
  readonly to: number;
}

/**
 * Walks protobuf messages in a file (protobuf.dev, "Encoding") without reading what is skipped: a field's bytes are read only when somebody
 * asks for them. Whatever does not fit together throws a RangeError that says where.
 */
export class ProtobufFile {
  readonly #file: FileHandle;
  readonly size: number;
  #window = Buffer.alloc(0);
  #start = 0;
  #left: number;

  /** `mostBytes`: how much may be read in all. */
  constructor(file: FileHandle, size: number, mostBytes: number) {
    this.#file = file;
    this.size = size;
    this.#left = mostBytes;
  }

  /** The fields of the message that lies in [from, to), in order. */
  async *fields(from = 0, to = this.size): AsyncGenerator<Field> {
    let at = from;
    while (at < to) {
      if (!this.#has(at, Math.min(to, at + 20))) await this.#load(at);
      const key = this.#varint(at, to);
      at = key.next;
      const [number, type] = [Number(key.value >> 3n), Number(key.value & 7n)];
      if (number === 0) throw new RangeError(`there is a field without a number at byte ${at}`);
      if (type === 0) {
        const { value, next } = this.#varint(at, to);
        yield { number, value, from: at, to: next };
        at = next;
        continue;
      }
      let end: number;
      if (type === 1) end = at + 8;
      else if (type === 5) end = at + 4;
      else if (type === 2) {
        const length = this.#varint(at, to);
        at = length.next;
        end = at + Number(length.value);
      } else throw new RangeError(`field ${number} at byte ${at} is of wire type ${type}`);
      if (end > to) throw new RangeError(`field ${number} at byte ${at} ends after the message that holds it`);
      yield { number, value: 0n, from: at, to: end };
      at = end;
    }
  }

  /** A field's bytes as text; what is longer than `most` is cut. */
  async text({ from, to }: Field, most = 1000): Promise<string> {
    const end = Math.min(to, from + most);
    if (!this.#has(from, end)) await this.#load(from);
    return this.#window.toString("utf8", from - this.#start, end - this.#start);
  }

  /** The numbers of a packed field, `most` of them. */
  async numbers({ from, to }: Field, most = 100): Promise<bigint[]> {
    if (!this.#has(from, Math.min(to, from + most * 10))) await this.#load(from);
    const found: bigint[] = [];
    for (let at = from; at < to && found.length < most; ) {
      const { value, next } = this.#varint(at, to);
      found.push(value);
      at = next;
    }
    return found;
  }

  #has(from: number, to: number): boolean {
    return from >= this.#start && to <= this.#start + this.#window.length;
  }

  async #load(from: number): Promise<void> {
    const length = Math.min(windowBytes, this.size - from);
    this.#left -= length;
    if (this.#left < 0) throw new RangeError("there is more in it than is read of one file");
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#file.read(buffer, 0, length, from);
    [this.#window, this.#start] = [buffer.subarray(0, bytesRead), from];
  }

  #varint(from: number, to: number): { readonly value: bigint; readonly next: number } {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = from + i < to ? this.#window[from + i - this.#start] : undefined;
      if (byte === undefined) throw new RangeError(`a number is cut off at byte ${from + i}`);
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return { value, next: from + i + 1 };
    }
    throw new RangeError(`the number at byte ${from} has more than 10 bytes`);
  }
}
