import { mkdir, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { frameHead } from "./journal-frames.ts";
import type { LogChunk } from "./log-chunk.ts";

/**
 * The rows of a chunk in a file, from soon after they came until they are in Parquet: what the next gateway finds when this one is killed. Nothing
 * is synced: a loss of power may cost these rows, the death of the process does not.
 */
export class Journal {
  readonly #file: string;
  readonly #chunk: LogChunk;
  #handle: FileHandle | undefined;
  #made = false;
  /** Where the next frame goes: behind the last one that is whole. */
  #position = 0;
  #bytes = 0;
  #rows = 0;
  #writing: Promise<void> | undefined;
  #removed = false;

  constructor(file: string, chunk: LogChunk) {
    this.#file = file;
    this.#chunk = chunk;
  }

  /** Whether the chunk holds rows that are not in the file. */
  get behind(): boolean {
    return this.#bytes < this.#chunk.bytes;
  }

  /** Writes what came since the last time, unless that is still under way; with `last`, waits for it and closes the file. Fails when the disk does. */
  async write(last: boolean): Promise<void> {
    if (this.#writing) {
      if (!last) return;
      await this.#writing.catch(() => undefined); // told to whoever began it
    }
    if (this.#removed) return;
    this.#writing = this.#append(last).finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  /** Removes the file, as its rows are elsewhere now. After that it does not touch the chunk's memory. */
  async remove(): Promise<void> {
    this.#removed = true;
    while (this.#writing) await this.#writing.catch(() => undefined);
    await this.#close();
    if (this.#made) await rm(this.#file, { force: true });
  }

  async #append(last: boolean): Promise<void> {
    try {
      if (this.behind) {
        this.#handle ??= await this.#open();
        const { bytes, rows } = this.#chunk;
        const records = this.#since(this.#bytes);
        const frames = [frameHead(records, rows - this.#rows), ...records];
        if (this.#position === 0) {
          const head = Buffer.from(JSON.stringify(this.#chunk.head));
          frames.unshift(frameHead([head], 0), head);
        }
        const size = frames.reduce((sum, part) => sum + part.length, 0);
        const { bytesWritten } = await this.#handle.writev(frames, this.#position);
        if (bytesWritten < size) throw new Error(`${bytesWritten} of ${size} bytes were written to ${this.#file}`);
        this.#position += size;
        this.#bytes = bytes;
        this.#rows = rows;
      }
    } finally {
      if (last) await this.#close();
    }
  }

  /** The records beyond the first so many bytes. */
  #since(bytes: number): Buffer[] {
    let before = 0;
    return this.#chunk.pieces.flatMap((piece) => {
      const from = Math.max(0, bytes - before);
      before += piece.used;
      return from < piece.used ? [piece.bytes.subarray(from, piece.used)] : [];
    });
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#file), { recursive: true });
    const handle = await open(this.#file, this.#made ? "r+" : "wx");
    this.#made = true;
    return handle;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
