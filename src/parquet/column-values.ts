import { putVarint } from "./compact-protocol.ts";

/** A column of a Parquet file, its values ready to be put into pages. */
export interface ColumnValues {
  readonly name: string;
  readonly type: ColumnType;
  /** Values that `codes` stand for, as Parquet's PLAIN encoding; absent where `values` are the values themselves. */
  readonly dictionary?: { readonly size: number; readonly bytes: Uint8Array };
  /** Those that are not missing, PLAIN, or as codes of the dictionary. */
  readonly values: Uint8Array;
  /** Definition levels (1: there, 0: missing). */
  readonly levels: Uint8Array;
}

/** FLOAT has 32 bits. Instants are whole milliseconds (TIMESTAMP) or microseconds since 1970, a DATE whole days. */
export type ColumnType = "DOUBLE" | "FLOAT" | "INT64" | "TIMESTAMP" | "MICROSECONDS" | "DATE" | "STRING" | "BOOLEAN";

/** The same value in every row. */
export function constantColumn(name: string, value: string | number | boolean, rows: number): ColumnValues {
  const levels = sameLevels(rows);
  if (typeof value === "boolean") return { name, type: "BOOLEAN", levels, values: new Uint8Array(Math.ceil(rows / 8)).fill(value ? 0xff : 0) };
  const bytes = typeof value === "number" ? new Uint8Array(Float64Array.of(value).buffer) : plainText(value);
  return { name, type: typeof value === "number" ? "DOUBLE" : "STRING", levels, dictionary: { size: 1, bytes }, values: sameCode(rows) };
}

/** Numbers, of which NaN is missing; those of all types but DOUBLE and FLOAT are whole. */
export function numberColumn(name: string, type: Exclude<ColumnType, "STRING" | "BOOLEAN">, numbers: Float64Array): ColumnValues {
  const rows = numbers.length;
  const first = numbers[0];
  let missing = 0;
  let same = 0;
  for (let i = 0; i < rows; i++) {
    const value = numbers[i];
    if (value === first) same++;
    else if (value !== value) missing++;
  }
  const plain = (values: Float64Array) => {
    if (type === "DOUBLE") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (type === "FLOAT") return new Uint8Array(Float32Array.from(values).buffer);
    return type === "DATE" ? new Uint8Array(Int32Array.from(values).buffer) : int64(values);
  };
  if (same === rows && rows > 1) return { name, type, levels: sameLevels(rows), dictionary: { size: 1, bytes: plain(numbers.slice(0, 1)) }, values: sameCode(rows) };
  if (missing === 0) return { name, type, levels: sameLevels(rows), values: plain(numbers) };
  const there = numbers.filter((value) => value === value);
  return { name, type, levels: levelsOf(rows, (row) => numbers[row] === numbers[row]), values: plain(there) };
}

/** Integers of 64 bits, none of which is missing, as their lower and upper words. */
export const integerColumn = (name: string, words: Int32Array): ColumnValues => ({
  name,
  type: "INT64",
  levels: sameLevels(words.length / 2),
  values: new Uint8Array(words.buffer, words.byteOffset, words.byteLength),
});

/** Texts by their codes in a dictionary, of which -1 is missing. */
export function codedColumn(name: string, codes: Int32Array, dictionary: readonly string[]): ColumnValues {
  const there = codes.includes(-1) ? codes.filter((code) => code >= 0) : codes;
  const levels = there === codes ? sameLevels(codes.length) : levelsOf(codes.length, (row) => codes[row] >= 0);
  const texts = dictionary.map(plainText);
  // Texts that are hardly ever there twice need no dictionary.
  if (dictionary.length > codes.length / 2) return { name, type: "STRING", levels, values: Buffer.concat(Array.from(there, (code) => texts[code])) };
  return { name, type: "STRING", levels, dictionary: { size: texts.length, bytes: Buffer.concat(texts) }, values: packCodes(there, texts.length) };
}

/** Truth values as codes: 1 true, 0 false, -1 missing. */
export function truthColumn(name: string, codes: Int32Array): ColumnValues {
  const there = codes.includes(-1) ? codes.filter((code) => code >= 0) : codes;
  const bits = new Uint8Array(Math.ceil(there.length / 8));
  for (let i = 0; i < there.length; i++) bits[i >> 3] |= there[i] << (i & 7);
  const levels = there === codes ? sameLevels(codes.length) : levelsOf(codes.length, (row) => codes[row] >= 0);
  return { name, type: "BOOLEAN", levels, values: bits };
}

/** Texts in PLAIN encoding already, none of which is missing. */
export const plainTextColumn = (name: string, values: Uint8Array, rows: number): ColumnValues => ({ name, type: "STRING", levels: sameLevels(rows), values });

function plainText(value: string): Uint8Array {
  const text = Buffer.from(value);
  const bytes = Buffer.allocUnsafe(4 + text.length);
  bytes.writeUInt32LE(text.length, 0);
  bytes.set(text, 4);
  return bytes;
}

/** Whole numbers as 64 bits, little-endian: those of doubles, without a BigInt each. */
function int64(numbers: Float64Array): Uint8Array {
  const words = new Int32Array(numbers.length * 2);
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    words[2 * i] = value; // the lower 32 bits, as ToInt32 takes them
    words[2 * i + 1] = Math.floor(value / 2 ** 32);
  }
  return new Uint8Array(words.buffer);
}

// The hybrid of runs and packed bits that levels and codes are written in: parquet.apache.org, Data Pages, Encodings, RLE.

function run(count: number, value: number): Uint8Array {
  const bytes: number[] = [];
  putVarint(bytes, count * 2);
  bytes.push(value);
  return Uint8Array.from(bytes);
}

const withLength = (encoded: Uint8Array): Uint8Array => {
  const bytes = Buffer.allocUnsafe(4 + encoded.length);
  bytes.writeUInt32LE(encoded.length, 0);
  bytes.set(encoded, 4);
  return bytes;
};

const sameLevels = (rows: number): Uint8Array => withLength(run(rows, 1));

function levelsOf(rows: number, isThere: (row: number) => boolean): Uint8Array {
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) codes[row] = isThere(row) ? 1 : 0;
  return withLength(pack(codes, 1));
}

const sameCode = (rows: number): Uint8Array => Uint8Array.of(1, ...run(rows, 0));

/** Codes behind the number of bits of each. */
function packCodes(codes: Int32Array, size: number): Uint8Array {
  const width = Math.max(1, 32 - Math.clz32(size - 1));
  const packed = pack(codes, width);
  const bytes = new Uint8Array(1 + packed.length);
  bytes[0] = width;
  bytes.set(packed, 1);
  return bytes;
}

/** One run of packed codes of up to 24 bits, filled up to eight. */
function pack(codes: Int32Array, width: number): Uint8Array {
  const groups = Math.ceil(codes.length / 8);
  const head: number[] = [];
  putVarint(head, groups * 2 + 1);
  const bytes = new Uint8Array(head.length + groups * width);
  bytes.set(head);
  let at = head.length;
  let held = 0;
  let bits = 0;
  for (const code of codes) {
    held |= code << bits;
    for (bits += width; bits >= 8; bits -= 8) {
      bytes[at++] = held;
      held >>>= 8;
    }
  }
  if (bits > 0) bytes[at] = held;
  return bytes;
}
