import type { ColumnBlock, StoredColumn } from "./parquet-reader.ts";

const dayMs = 86_400_000;

/** Numbers in PLAIN encoding, which may begin at any byte; days become milliseconds, 64-bit integers the doubles next to them. */
export function numbersOf(plain: Buffer, physical: StoredColumn["physical"]): Float64Array {
  const bytes = new Uint8Array(plain).buffer;
  if (physical === "DOUBLE") return new Float64Array(bytes);
  if (physical === "INT32") return Float64Array.from(new Int32Array(bytes), (days) => days * dayMs);
  const words = new Int32Array(bytes);
  const numbers = new Float64Array(words.length / 2);
  for (let at = 0; at < numbers.length; at++) numbers[at] = words[2 * at + 1] * 2 ** 32 + (words[2 * at] >>> 0);
  return numbers;
}

/** Texts in PLAIN encoding: each is its length (32 bits) and its UTF-8. */
export function textsOf(plain: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < plain.length; ) {
    const end = at + 4 + plain.readUInt32LE(at);
    if (end > plain.length) throw new RangeError("a text that is cut off");
    texts.push(plain.toString("utf8", at + 4, end));
    at = end;
  }
  return texts;
}

/** Hands out, row by row of a block, the place of its value among the values that are there; -1 where it has none. Of booleans that is the bit's place. */
export function eachPlace({ rows, present, codes }: ColumnBlock, take: (row: number, place: number) => void): void {
  for (let row = 0, at = 0; row < rows; row++) {
    if (present && present[row] === 0) take(row, -1);
    else take(row, codes ? codes[at++] : at++);
  }
}
