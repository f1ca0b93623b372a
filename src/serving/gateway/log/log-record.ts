import { hash } from "node:crypto";
import { rawBytes } from "../tensors/raw.ts";
import type { Tensor } from "../tensors/tensor.ts";
import type { LoggedTensor } from "./chunk-head.ts";
import type { LogEntry } from "./log-entry.ts";
import type { Values } from "../tensors/tensor.ts";

/*
 * A record is one entry in slots of eight bytes: its rows and times and numbers as doubles, its id, then its tensors.
 * Numbers are doubles, too; a text is its length in bytes, then its UTF-8, filled up to whole slots.
 */

/** Slots before the id: rows, event time, received at, propensity, latency, queue, run. */
export const fixedSlots = 7;
const slotBytes = 8;

/** Bytes of a text with its length at most: UTF-16 units take three bytes of UTF-8 or less. */
const textBytes = (units: number): number => slotBytes * (1 + slotsOf(units * 3));

/** Slots that so many bytes take. */
export const slotsOf = (bytes: number): number => (bytes + slotBytes - 1) >>> 3;

/** The most bytes that an entry can take. */
export function recordBytes(entry: LogEntry, tensors: readonly LoggedTensor[]): number {
  let bytes = fixedSlots * slotBytes + textBytes(entry.requestId.length);
  for (let i = 0; i < tensors.length; i++) {
    const { kind } = tensors[i];
    const { data, shape } = tensorOf(entry, tensors[i]);
    if (kind === "numbers") bytes += data.length * slotBytes;
    else if (kind === "digests") bytes += entry.rows * slotBytes;
    else if (kind === "shape") bytes += textBytes(shape.length * 12);
    else for (const value of data) bytes += textBytes(typeof value === "string" ? value.length : value instanceof Uint8Array ? Math.ceil(value.length / 3) * 4 : mostDigits);
  }
  return bytes;
}

/** Characters of the longest number as text. */
const mostDigits = 24;

/** A label as text: bytes that are no text as base64, a class of an integer by its digits. */
const textOf = (value: Values[number]): string =>
  typeof value === "string" ? value : value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value);

function tensorOf(entry: LogEntry, { from, index }: LoggedTensor): Pick<Tensor, "data" | "shape"> {
  if (from === "unseen") return { data: unseenTexts(entry), shape: [entry.rows, 1] };
  return (from === "inputs" ? entry.inputs : entry.outputs!)[index];
}

/** For each row the names of its inputs that are unseen categories, as a JSON list; "" where there are none. */
function unseenTexts({ rows, unseen, inputs }: LogEntry): string[] {
  const texts = Array.from({ length: rows }, () => "");
  if (!unseen) return texts;
  const names = new Map<number, string[]>();
  for (const [name, elements] of unseen) {
    const input = inputs.find((tensor) => tensor.name === name);
    const width = input ? input.data.length / rows : 1; // a column of a matrix
    for (const row of new Set(elements.map((element) => Math.floor(element / width)))) names.set(row, [...(names.get(row) ?? []), name]);
  }
  for (const [row, found] of names) texts[row] = JSON.stringify(found);
  return texts;
}

/** A number of 48 bits for each row's elements. */
function rowNumbers(data: Values, rows: number): Float64Array {
  const width = data.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => hash("sha256", rawBytes(data.slice(row * width, (row + 1) * width)), "buffer").readUIntLE(0, 6));
}

/** Memory for records, filled from the beginning and shared with other threads. */
export class Piece {
  readonly bytes: Buffer;
  readonly size: number;
  rows = 0;
  #slot = 0;
  readonly #slots: Float64Array;

  constructor(size: number) {
    const memory = new SharedArrayBuffer(slotsOf(size) * slotBytes);
    this.size = memory.byteLength;
    this.bytes = Buffer.from(memory);
    this.#slots = new Float64Array(memory);
  }

  /** Bytes that are filled. */
  get used(): number {
    return this.#slot * slotBytes;
  }

  get free(): number {
    return this.size - this.used;
  }

  /** Forgets its records. */
  clear(): void {
    this.#slot = 0;
    this.rows = 0;
  }

  /** Adds a record, for which there must be room; says how many bytes it takes. */
  append(entry: LogEntry, tensors: readonly LoggedTensor[]): number {
    const before = this.#slot;
    const slots = this.#slots;
    slots[before] = entry.rows;
    slots[before + 1] = entry.eventTime;
    slots[before + 2] = entry.receivedAt;
    slots[before + 3] = entry.propensity;
    slots[before + 4] = entry.latencyMicros;
    slots[before + 5] = entry.queueMicros;
    slots[before + 6] = entry.runMicros;
    this.#slot = before + fixedSlots;
    this.#text(entry.requestId);
    for (let i = 0; i < tensors.length; i++) {
      const { kind } = tensors[i];
      const { data, shape } = tensorOf(entry, tensors[i]);
      if (kind === "numbers") this.#numbers(data);
      else if (kind === "digests") this.#numbers(rowNumbers(data, entry.rows));
      else if (kind === "shape") this.#text(shape.join("x"));
      else for (const value of data) this.#text(textOf(value));
    }
    this.rows += entry.rows;
    return (this.#slot - before) * slotBytes;
  }

  #text(text: string): void {
    const start = (this.#slot + 1) * slotBytes;
    const bytes = this.bytes.write(text, start);
    this.#slots[this.#slot] = bytes;
    this.#slot += 1 + slotsOf(bytes);
  }

  #numbers(data: Values): void {
    const slots = this.#slots;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array || Array.isArray(data)) {
      for (let i = 0; i < data.length; i++) slots[this.#slot + i] = Number(data[i]);
    } else slots.set(data, this.#slot);
    this.#slot += data.length;
  }
}
