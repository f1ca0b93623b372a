const firstSlots = 64;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The texts of a table as plain data, which a thread can hand to another one. */
export interface PackedTexts {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Float64Array<ArrayBuffer>;
}

/**
 * The distinct texts of a column, numbered from 0 in order of first appearance. Looks texts up by their UTF-8 bytes, so that a cell that was seen before
 * costs no string.
 */
export class TextTable {
  #slots = new Int32Array(firstSlots).fill(-1);
  #hashes = new Int32Array(firstSlots);
  #starts: Float64Array<ArrayBuffer> = new Float64Array(firstSlots);
  #arena: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #used = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of the text whose bytes lie from `start` up to `end`. */
  put(buffer: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ buffer[at], 0x01000193);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const known = this.#slots[slot];
      if (known < 0) return this.#add(hash, slot, buffer, start, end);
      if (this.#hashes[known] === hash && this.#equals(known, buffer, start, end)) return known;
    }
  }

  putText(text: string): number {
    const bytes = encoder.encode(text);
    return this.put(bytes, 0, bytes.length);
  }

  text(index: number): string {
    return decoder.decode(this.#arena.subarray(this.#starts[index], this.#end(index)));
  }

  /** All texts, in order of their numbers. */
  texts(): string[] {
    return Array.from({ length: this.#size }, (_, index) => this.text(index));
  }

  /** The texts' bytes one behind the other in order of their numbers, and where each begins. */
  get packed(): PackedTexts {
    return { bytes: this.#arena.slice(0, this.#used), starts: this.#starts.slice(0, this.#size) };
  }

  /** Puts the texts of another table behind those that are here; says the number of each. */
  append({ bytes, starts }: PackedTexts): Int32Array {
    const numbers = new Int32Array(starts.length);
    for (let at = 0; at < starts.length; at++) numbers[at] = this.put(bytes, starts[at], at + 1 < starts.length ? starts[at + 1] : bytes.length);
    return numbers;
  }

  #end(index: number): number {
    return index + 1 < this.#size ? this.#starts[index + 1] : this.#used;
  }

  #equals(index: number, buffer: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[index];
    if (this.#end(index) - from !== end - start) return false;
    for (let at = 0; at < end - start; at++) if (this.#arena[from + at] !== buffer[start + at]) return false;
    return true;
  }

  #add(hash: number, slot: number, buffer: Uint8Array, start: number, end: number): number {
    const index = this.#size++;
    if (index === this.#hashes.length) {
      this.#hashes = grown(this.#hashes, new Int32Array(index * 2));
      this.#starts = grown(this.#starts, new Float64Array(index * 2));
    }
    const length = end - start;
    if (this.#used + length > this.#arena.length) this.#arena = grown(this.#arena, new Uint8Array(Math.max(this.#arena.length * 2, this.#used + length)));
    this.#arena.set(buffer.subarray(start, end), this.#used);
    this.#hashes[index] = hash;
    this.#starts[index] = this.#used;
    this.#used += length;
    this.#slots[slot] = index;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#size; index++) {
      const hash = this.#hashes[index];
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    this.#slots = slots;
  }
}

function grown<T extends Int32Array | Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
