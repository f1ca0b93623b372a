import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { createReadStream } from "node:fs";
import type { ColumnValues } from "./column-values.ts";
import { compressRowGroup, encodeFooter, fileHead, type RowGroup } from "./encode-parquet.ts";

/** Up to where a file is on the disk, as plain JSON: what it takes to go on with it after its process has gone. */
export interface ParquetMark {
  /** Bytes. */
  readonly offset: number;
  readonly groups: readonly RowGroup[];
}

/** A Parquet file that is written row group by row group, so that no more than one of them is in memory. It is none before it is closed. */
export class ParquetFile {
  readonly #handle: FileHandle;
  readonly #hash = createHash("sha256");
  readonly #groups: RowGroup[] = [];
  #schema: readonly Pick<ColumnValues, "name" | "type">[] = [];
  #offset = 0;
  /** The rows so far, when they are in the file. */
  #written: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** An existing file is replaced. */
  static async create(path: string): Promise<ParquetFile> {
    const file = new ParquetFile(await open(path, "w"));
    await file.#put([fileHead]);
    return file;
  }

  /** Goes on with a file that was not closed, from a mark of it; what stands behind the mark goes. */
  static async reopen(path: string, { offset, groups }: ParquetMark): Promise<ParquetFile> {
    const file = new ParquetFile(await open(path, "r+"));
    await file.#handle.truncate(offset);
    for await (const part of createReadStream(path, { end: offset - 1 })) file.#hash.update(part as Buffer);
    file.#offset = offset;
    file.#groups.push(...groups);
    return file;
  }

  /** Brings all rows so far to the disk, and says up to where. */
  async mark(): Promise<ParquetMark> {
    await this.#written;
    await this.#handle.sync();
    return { offset: this.#offset, groups: [...this.#groups] };
  }

  /**
   * Adds `rows` rows of the same columns as before; their memory may be used again when this resolves. Up to then the rows before are written; these are
   * compressed meanwhile and beyond.
   */
  async write(columns: readonly ColumnValues[], rows: number): Promise<void> {
    this.#schema = columns.map(({ name, type }) => ({ name, type }));
    const compressed = compressRowGroup(columns, rows);
    const before = this.#written;
    this.#written = Promise.all([compressed, before]).then(async ([group]) => {
      const { parts, group: meta } = group(this.#offset);
      await this.#put(parts);
      this.#groups.push(meta);
    });
    // Whoever writes or closes next is told of its failure.
    this.#written.catch(() => undefined);
    await before;
  }

  /** Ends the file; says its bytes and their SHA-256 (lower-case hex). Without any row the columns must be said here. */
  async close(schema: readonly Pick<ColumnValues, "name" | "type">[] = this.#schema): Promise<{ readonly size: number; readonly sha256: string }> {
    try {
      await this.#written;
      await this.#put(encodeFooter(schema, this.#groups));
    } finally {
      await this.#handle.close();
    }
    return { size: this.#offset, sha256: this.#hash.digest("hex") };
  }

  /** Gives the file up. */
  async abandon(): Promise<void> {
    await this.#written.catch(() => undefined);
    await this.#handle.close();
  }

  async #put(parts: readonly Uint8Array[]): Promise<void> {
    const start = this.#offset;
    for (const part of parts) {
      this.#offset += part.length;
      this.#hash.update(part);
    }
    await this.#handle.writev(parts as Uint8Array[], start);
  }
}
