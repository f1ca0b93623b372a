import { randomUUID } from "node:crypto";
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { describeError, MillraceError } from "../../../errors.ts";
import { isAlive } from "./journal-owner.ts";
import { Journal } from "./journal.ts";
import { LogChunk, chunkKey } from "./log-chunk.ts";
import type { LogEntry, LogSource } from "./log-entry.ts";
import { fileOf } from "./log-file.ts";
import { ParquetWriter } from "./parquet-writer.ts";
import { PiecePool } from "./piece-pool.ts";

export interface PredictionLogOptions {
  /** Where the Parquet files go: see `fileOf`. */
  readonly directory: string;
  /** Where rows are that are not in a Parquet file yet: a folder of each gateway, by its `owner` name, that a later one empties. */
  readonly journals: string;
  readonly owner: string;
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
  /** Rows of gateways that were killed which this one has put into files, and those that were there in part only. */
  readonly recovered: number;
  readonly lost: number;
  /** Writes that failed since the start, and why the last one did, null once writing works again. */
  readonly failures: number;
  readonly lastError: string | null;
}

interface Held {
  readonly chunk: LogChunk;
  readonly journal: Journal;
  open: boolean;
}

/** More open files than this are written out at once: the days of events come from clients. */
const openChunksLimit = 64;
/** How long a row may be in memory alone; and how long a journal that cannot be written is left alone. */
const journalEveryMs = 100;
const journalAgainMs = 1000;

/**
 * Buffers what was predicted and writes it as Parquet files. Appending never waits; what cannot be written yet is kept
 * and tried again. Until it is written it is in journals, too, from which the next gateway writes it if this one is killed.
 */
export class PredictionLog {
  readonly #options: PredictionLogOptions;
  readonly #writer = new ParquetWriter();
  readonly #pool = new PiecePool();
  /** Entries that came in this turn of the event loop: the answers go out first. */
  #fresh: LogEntry[] = [];
  readonly #open = new Map<string, Held>();
  readonly #latest = new WeakMap<LogSource, Held>();
  #sealed: Held[] = [];
  /** Chunks whose journals are written to. */
  readonly #journaled = new Set<Held>();
  #journalTimer: NodeJS.Timeout | undefined;
  #journalError: string | null = null;
  #writing: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;
  /** Journals of former gateways that could not be put into files, each told once. */
  readonly #told = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #written = 0;
  #pending = 0;
  #pendingBytes = 0;
  #dropped = 0;
  #recovered = 0;
  #lost = 0;
  #failures = 0;
  #lastError: string | null = null;

  constructor(options: PredictionLogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#sealAll();
      this.#writeInBackground();
      this.recover();
    }, options.seconds * 1000);
    this.#timer.unref();
  }

  append(entry: LogEntry): void {
    if (this.#fresh.push(entry) === 1) setImmediate(() => this.#take());
  }

  /** Writes in the background what gateways have left that were killed. */
  recover(): void {
    this.#recovering ??= this.#recover()
      .catch((error: unknown) => this.#options.onError(`journals of former gateways: ${describeError(error)}`))
      .finally(() => (this.#recovering = undefined));
  }

  /**
   * Writes everything appended so far; resolves when it is durable. Fails with `serving.log_unwritable`; the rows are
   * kept.
   */
  async flush(): Promise<void> {
    await this.#recovering;
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
      clearTimeout(this.#journalTimer);
      await this.#writer.close();
      await rmdir(this.#folder).catch(() => undefined); // what is in it the next gateway finds
    }
  }

  status(): PredictionLogStatus {
    this.#take();
    return {
      written: this.#written,
      pending: this.#pending,
      dropped: this.#dropped,
      recovered: this.#recovered,
      lost: this.#lost,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  get #folder(): string {
    return join(this.#options.journals, this.#options.owner);
  }

  #take(): void {
    if (this.#fresh.length === 0) return;
    const entries = this.#fresh;
    this.#fresh = [];
    for (const entry of entries) this.#add(entry);
    this.#journalTimer ??= setTimeout(() => this.#journal(), journalEveryMs).unref();
  }

  #add(entry: LogEntry): void {
    const { capacity, capacityBytes, fileRows } = this.#options;
    if (this.#pending + entry.rows > capacity || this.#pendingBytes >= capacityBytes) {
      this.#dropped += entry.rows;
      return;
    }
    let held = this.#latest.get(entry.source);
    if (!held?.open || !held.chunk.takes(entry)) this.#latest.set(entry.source, (held = this.#find(entry)));
    this.#pendingBytes += held.chunk.append(entry);
    this.#pending += entry.rows;
    if (held.chunk.rows < fileRows) return;
    this.#open.delete(chunkKey(entry));
    this.#seal(held);
    this.#writeInBackground();
  }

  #find(entry: LogEntry): Held {
    const key = chunkKey(entry);
    let held = this.#open.get(key);
    if (held) return held;
    if (this.#open.size >= openChunksLimit) {
      this.#sealOpen();
      this.#writeInBackground();
    }
    const chunk = new LogChunk(entry, randomUUID(), this.#pool);
    held = { chunk, journal: new Journal(join(this.#folder, `${chunk.id}.rows`), chunk), open: true };
    this.#open.set(key, held);
    this.#journaled.add(held);
    return held;
  }

  #seal(held: Held): void {
    held.open = false;
    this.#sealed.push(held);
  }

  #sealOpen(): void {
    for (const held of this.#open.values()) this.#seal(held);
    this.#open.clear();
  }

  #sealAll(): void {
    this.#take();
    this.#sealOpen();
  }

  /** Writes to every journal what came since the last time. One that fails is tried again while its chunk is open. */
  #journal(): void {
    this.#journalTimer = undefined;
    for (const held of this.#journaled) {
      if (!held.open) this.#journaled.delete(held);
      if (!held.journal.behind && held.open) continue;
      held.journal.write(!held.open).then(
        () => (this.#journalError = null),
        (error: unknown) => {
          if (this.#journalError === null) this.#options.onError(`rows are in memory only: ${(this.#journalError = describeError(error))}`);
          this.#journalTimer ??= setTimeout(() => this.#journal(), journalAgainMs).unref();
        },
      );
    }
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
    const failed: Held[] = [];
    for (let held = this.#sealed.shift(); held; held = this.#sealed.shift()) {
      const { head, id, pieces, rows, bytes } = held.chunk;
      try {
        await this.#writer.write({ file: fileOf(this.#options.directory, head, id), head, rows, parts: pieces.map((piece) => piece.bytes.subarray(0, piece.used)) });
        this.#written += rows;
        this.#pending -= rows;
        this.#pendingBytes -= bytes;
        this.#lastError = null;
      } catch (error) {
        failed.push(held);
        this.#failures++;
        const message = describeError(error);
        if (this.#lastError === null) this.#options.onError(message);
        this.#lastError = message;
        continue;
      }
      this.#journaled.delete(held);
      // A journal that stays is known by its file, and taken for what it is by the next gateway.
      await held.journal.remove().catch((error: unknown) => this.#options.onError(describeError(error)));
      held.chunk.free();
    }
    this.#sealed = failed.concat(this.#sealed);
  }

  /** Says once of a journal, or a folder of them, that it cannot be read; the others are. */
  #tell(journal: string, error: unknown): string[] {
    this.#failures++;
    if (!this.#told.has(journal)) this.#options.onError(describeError(error));
    this.#told.add(journal);
    return [];
  }

  async #recover(): Promise<void> {
    const { journals, directory, owner } = this.#options;
    for (const name of await namesIn(journals)) {
      if (name === owner || (await isAlive(name))) continue;
      const files = await namesIn(join(journals, name)).catch((error: unknown) => this.#tell(join(journals, name), error));
      for (const file of files) {
        const journal = join(journals, name, file);
        try {
          const { rows, lost } = await this.#writer.write({ journal, directory });
          this.#recovered += rows;
          this.#lost += lost;
        } catch (error) {
          this.#tell(journal, error);
        }
      }
      await rmdir(join(journals, name)).catch(() => undefined); // not empty: tried again later
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
