import { open, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { decodeStruct, type DecodedStruct, type DecodedValue } from "./decode-compact.ts";
import { unpackCodes, unpackLevels } from "./unpack.ts";

const decompress = promisify(zstdDecompress);

/** A column of a file by what it is stored as: Parquet's physical type, and the converted one where there is one. */
export interface StoredColumn {
  readonly name: string;
  readonly physical: "BOOLEAN" | "INT32" | "INT64" | "DOUBLE" | "BYTE_ARRAY";
  /** UTF8 0, DATE 6, TIMESTAMP_MILLIS 9, TIMESTAMP_MICROS 10. */
  readonly converted?: number;
}

/** The values of a column in one row group. */
export interface ColumnBlock {
  readonly rows: number;
  /** Which rows have a value (1); absent where all have. */
  readonly present?: Int32Array;
  /** Those that are there, in PLAIN encoding; of a column with a dictionary, its entries. */
  readonly plain: Buffer;
  /** Of those that are there, the number of the entry. */
  readonly codes?: Int32Array;
}

interface Chunk {
  readonly offset: number;
  readonly size: number;
  readonly compressed: boolean;
}

const physicals: Readonly<Record<number, StoredColumn["physical"]>> = { 0: "BOOLEAN", 1: "INT32", 2: "INT64", 5: "DOUBLE", 6: "BYTE_ARRAY" };

/** Reads Parquet files that `ParquetFile` has written, which know but one page of data and one of a dictionary in each chunk. */
export class ParquetReader {
  readonly rows: number;
  readonly columns: readonly StoredColumn[];
  readonly #handle: FileHandle;
  readonly #groups: readonly { readonly rows: number; readonly chunks: readonly Chunk[] }[];

  private constructor(handle: FileHandle, meta: DecodedStruct) {
    this.#handle = handle;
    this.columns = structs(meta.get(2)).slice(1).map((column): StoredColumn => {
      const [physical, converted] = [physicals[number(column.get(1))], column.get(6)];
      return { name: text(column.get(4)), physical, ...(typeof converted === "number" && { converted }) };
    });
    this.#groups = structs(meta.get(4)).map((group) => ({
      rows: number(group.get(3)),
      chunks: structs(group.get(1)).map((chunk) => {
        const column = chunk.get(3) as DecodedStruct;
        return { offset: number(chunk.get(2)), size: number(column.get(7)), compressed: number(column.get(4)) === 6 };
      }),
    }));
    this.rows = number(meta.get(3));
  }

  /** Opens a file; undefined where it is not one of ours. */
  static async open(path: string): Promise<ParquetReader | undefined> {
    const handle = await open(path);
    try {
      const { size } = await handle.stat();
      const end = await bytesAt(handle, size - 8, 8);
      const footer = end.subarray(4).equals(magic) ? end.readUInt32LE() : size;
      if (footer > size - 12) throw new RangeError("no footer");
      const { value: meta } = decodeStruct(await bytesAt(handle, size - 8 - footer, footer), 0);
      if (text(meta.get(6)) === "millrace") return new ParquetReader(handle, meta);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    await handle.close();
    return undefined;
  }

  /**
   * The blocks of columns, given by their positions, row group by row group; pages are decompressed side by side, off this thread, those of the next group
   * while one is taken.
   */
  async *blocks(columns: readonly number[]): AsyncGenerator<ColumnBlock[]> {
    const begin = (at: number): Promise<ColumnBlock[]> | undefined => {
      if (at >= this.#groups.length) return undefined;
      const { rows, chunks } = this.#groups[at];
      const group = Promise.all(columns.map((column) => this.#block(chunks[column], rows)));
      // It is awaited when its turn has come, which may be never.
      group.catch(() => undefined);
      return group;
    };
    let next = begin(0);
    for (let at = 1; next; at++) {
      const group = await next;
      next = begin(at);
      yield group;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #block({ offset, size, compressed }: Chunk, rows: number): Promise<ColumnBlock> {
    const bytes = await bytesAt(this.#handle, offset, size);
    const page = async (at: number) => {
      const { value: head, end } = decodeStruct(bytes, at);
      const next = end + number(head.get(3));
      const content = bytes.subarray(end, next);
      return { head, next, content: compressed ? await decompress(content, { chunkSize: Math.max(64, number(head.get(2))) }) : content };
    };
    const first = await page(0);
    const dictionary = first.head.has(7) ? first : undefined;
    const { content } = dictionary ? await page(dictionary.next) : first;
    const levels = content.readUInt32LE();
    const present = unpackLevels(content.subarray(4, 4 + levels), rows);
    const values = content.subarray(4 + levels);
    if (!dictionary) return { rows, ...(present && { present }), plain: values };
    const there = present ? present.reduce((sum, one) => sum + one, 0) : rows;
    return { rows, ...(present && { present }), plain: dictionary.content, codes: unpackCodes(values, there) };
  }
}

const magic = Buffer.from("PAR1");

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0) throw new RangeError("a file that is too short");
  const buffer = Buffer.allocUnsafe(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(buffer, read, length - read, position + read);
    if (bytesRead === 0) throw new RangeError("a file that is cut off");
    read += bytesRead;
  }
  return buffer;
}

const structs = (value: DecodedValue | undefined): readonly DecodedStruct[] => {
  if (!Array.isArray(value)) throw new RangeError("no list");
  return value as readonly DecodedStruct[];
};

function text(value: DecodedValue | undefined): string {
  if (!Buffer.isBuffer(value)) throw new RangeError("no text");
  return value.toString();
}

function number(value: DecodedValue | undefined): number {
  if (typeof value !== "number") throw new RangeError("no number");
  return value;
}
