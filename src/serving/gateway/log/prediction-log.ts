import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { describeError, MillraceError } from "../../../errors.ts";
import { LogChunk, chunkKey, entryBytes } from "./log-chunk.ts";
import type { LogEntry } from "./log-chunk.ts";
import { ParquetWriter } from "./parquet-writer.ts";

export interface PredictionLogOptions {
  /** Files go to `<directory>/<endpoint>/<UTC day of the event>/<version>-<variant>-<unique>.parquet`. */
  readonly directory: string;
  /** A file is written when it has this many rows … */
  readonly fileRows: number;
  /** … and whatever there is after this many seconds. */
  readonly seconds: number;
  /** Rows held in memory at most; beyond that rows are dropped and counted. */
  readonly capacity: number;
  /** Bytes held in memory at most, about; beyond that rows are dropped and counted. */
  readonly capacityBytes: number;
  /** Told when writing begins to fail. */
  readonly onError: (message: string) => void;
}

export interface PredictionLogStatus {
  /** Rows durable on disk since the start. */
  readonly written: number;
  readonly pending: number;
  readonly dropped: number;
  /** Writes that failed since the start, and why the last one did, null once writing works again. */
  readonly failures: number;
  readonly lastError: string | null;
}

/** More open files than this are written out at once: the days of events come from clients. */
const openChunksLimit = 64;

/**
 * Buffers what was predicted and writes it as Parquet files. Appending never waits; what cannot be written yet is kept
 * and tried again.
 */
export class PredictionLog {
  readonly #options: PredictionLogOptions;
  readonly #writer = new ParquetWriter();
  readonly #open = new Map<string, LogChunk>();
  #sealed: LogChunk[] = [];
  #writing: Promise<void> | undefined;
  readonly #timer: NodeJS.Timeout;
  #written = 0;
  #pending = 0;
  #pendingBytes = 0;
  #dropped = 0;
  #failures = 0;
  #lastError: string | null = null;

  constructor(options: PredictionLogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#sealAll();
      this.#writeInBackground();
    }, options.seconds * 1000);
    this.#timer.unref();
  }

  append(entry: LogEntry): void {
    const bytes = entryBytes(entry);
    if (this.#pending + entry.rows > this.#options.capacity || this.#pendingBytes + bytes > this.#options.capacityBytes) {
      this.#dropped += entry.rows;
      return;
    }
    const key = chunkKey(entry);
    let chunk = this.#open.get(key);
    if (!chunk) {
      if (this.#open.size >= openChunksLimit) this.#sealAll();
      this.#open.set(key, (chunk = new LogChunk(entry)));
    }
    chunk.append(entry, bytes);
    this.#pending += entry.rows;
    this.#pendingBytes += bytes;
    if (chunk.rows < this.#options.fileRows) return;
    this.#open.delete(key);
    this.#sealed.push(chunk);
    this.#writeInBackground();
  }

  /**
   * Writes everything appended so far; resolves when it is durable. Fails with `serving.log_unwritable`; the rows are
   * kept.
   */
  async flush(): Promise<void> {
    await this.#writing; // a round under way may be past the rows that are sealed now
    do {
      this.#sealAll();
      await this.#write();
    } while (this.#sealed.length > 0 && this.#lastError === null);
    if (this.#sealed.length > 0) {
      throw new MillraceError(
        "serving.log_unwritable",
        500,
        `The prediction log cannot be written to ${this.#options.directory}: ${this.#lastError}. ${this.#pending} rows wait in memory.`,
      );
    }
  }

  /** Flushes, then frees the writer. Fails like `flush`. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    try {
      await this.flush();
    } finally {
      await this.#writer.close();
    }
  }

  status(): PredictionLogStatus {
    return {
      written: this.#written,
      pending: this.#pending,
      dropped: this.#dropped,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  #sealAll(): void {
    this.#sealed.push(...this.#open.values());
    this.#open.clear();
  }

  #writeInBackground(): void {
    if (this.#sealed.length > 0) void this.#write();
  }

  /** Tries every sealed chunk once, one after the other; those that fail stay sealed. Never rejects. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeSealed().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #writeSealed(): Promise<void> {
    const failed: LogChunk[] = [];
    for (let chunk = this.#sealed.shift(); chunk; chunk = this.#sealed.shift()) {
      try {
        await this.#writer.write(this.#fileOf(chunk), chunk.rows, chunk.columns());
        this.#written += chunk.rows;
        this.#pending -= chunk.rows;
        this.#pendingBytes -= chunk.bytes;
        this.#lastError = null;
      } catch (error) {
        failed.push(chunk);
        this.#failures++;
        const message = describeError(error);
        if (this.#lastError === null) this.#options.onError(message);
        this.#lastError = message;
      }
    }
    this.#sealed = failed.concat(this.#sealed);
  }

  #fileOf({ endpoint, version, variant, day }: LogChunk): string {
    const name = `${pathSafe(version)}-${pathSafe(variant)}-${randomUUID()}.parquet`;
    return join(this.#options.directory, pathSafe(endpoint), day, name);
  }
}

/** A name as one path segment: bytes other than letters, digits, `_`, `-` and inner dots are written as %XX. */
export const pathSafe = (name: string): string =>
  Array.from(Buffer.from(name), (byte, index) => {
    const character = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_-]/.test(character) || (character === "." && index > 0);
    return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
