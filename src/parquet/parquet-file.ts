import { open, type FileHandle } from "node:fs/promises";
import type { ColumnValues } from "./column-values.ts";
import { encodeFooter, encodeRowGroup, fileHead, type RowGroup } from "./encode-parquet.ts";

/** A Parquet file that is written row group by row group, so that no more than one of them is in memory. It is none before it is closed. */
export class ParquetFile {
  readonly #handle: FileHandle;
  readonly #groups: RowGroup[] = [];
  #schema: readonly Pick<ColumnValues, "name" | "type">[] = [];
  #offset = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** An existing file is replaced. */
  static async create(path: string): Promise<ParquetFile> {
    const file = new ParquetFile(await open(path, "w"));
    await file.#put([fileHead]);
    return file;
  }

  /** Adds `rows` rows of the same columns as before; their memory may be used again when this resolves. */
  async write(columns: readonly ColumnValues[], rows: number): Promise<void> {
    this.#schema = columns.map(({ name, type }) => ({ name, type }));
    const { parts, group } = await encodeRowGroup(columns, rows, this.#offset);
    await this.#put(parts);
    this.#groups.push(group);
  }

  /** Ends the file. Without any row the columns must be said here. */
  async close(schema: readonly Pick<ColumnValues, "name" | "type">[] = this.#schema): Promise<void> {
    try {
      await this.#put(encodeFooter(schema, this.#groups));
    } finally {
      await this.#handle.close();
    }
  }

  /** Gives the file up. */
  async abandon(): Promise<void> {
    await this.#handle.close();
  }

  async #put(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) this.#offset += part.length;
    await this.#handle.writev(parts as Uint8Array[]);
  }
}
