import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import type { CellSink } from "../columns/cell-sink.ts";

/** Why a record of delimited text cannot be read; `explainCsvFault` says it to people. */
export class CsvFault extends Error {
  readonly kind: "width" | "open_quote" | "after_quote" | "not_utf8";
  readonly line: number;

  constructor(kind: CsvFault["kind"], line: number) {
    super(`line ${line}: ${kind}`);
    this.kind = kind;
    this.line = line;
  }
}

export interface ScanOptions {
  /** One byte. */
  readonly delimiter: string;
  /** Fields of a record. */
  readonly width: number;
  /** Lines that stand above the first record: titles, comments, `sep=`. */
  readonly skipLines: number;
  /** Records passed over at the beginning: the header, and units under it. */
  readonly skipRecords: number;
  /** Where the last record that is read ends, in bytes; totals and notes below are passed over. Absent: at the end of the file. */
  readonly until?: number;
  /** A part of the file, in bytes: the first record begins at `from`, and none is read that begins at `stop` or behind it. Absent: the whole. */
  readonly part?: { readonly from: number; readonly stop: number };
  /** Called after each record, with the line on which it begins (from 1). */
  readonly onRow?: (line: number) => void | Promise<void>;
}

/** What was read of a file. */
export interface Scanned {
  readonly rows: number;
  /** Of the part that was read, blank ones and those within records among them. */
  readonly lines: number;
  /** Where the next record would begin, in bytes. */
  readonly end: number;
  /** The lines and records to be passed over at the beginning all lay in the part. */
  readonly begun: boolean;
}

const blockBytes = 4 << 20;
const [lineFeed, carriageReturn, quote, blank] = [10, 13, 34, 32];

/**
 * Hands the fields of delimited text (RFC 4180: `"` quotes, doubled inside quotes; LF, CRLF or CR ends a record) to a sink each. Blank lines and blanks
 * around quotes are passed over. Says how much was read; throws `CsvFault` at the first record of another width, a quote that never closes,
 * text behind a closing quote, or bytes that are not UTF-8. Lines of a part are counted from its beginning.
 */
export async function scanCsv(path: string, options: ScanOptions, sinks: readonly CellSink[]): Promise<Scanned> {
  const scanner = new Scanner(options, sinks);
  const { from, stop } = options.part ?? { from: 0, stop: Infinity };
  const handle = await open(path);
  try {
    let buffer = Buffer.allocUnsafe(blockBytes);
    let filled = 0;
    /** Bytes of the file up to the end of the buffer. */
    let read = from;
    for (let first = from === 0; ; first = false) {
      const wanted = Math.min(buffer.length - filled, (options.until ?? Infinity) - read);
      const { bytesRead } = wanted > 0 ? await handle.read(buffer, filled, wanted, read) : { bytesRead: 0 };
      const complete = bytesRead === 0;
      read += bytesRead;
      filled += bytesRead;
      let start = 0;
      if (first && filled >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) start = 3;
      for (;;) {
        const at = scanner.records(buffer, start, filled, complete, stop - (read - filled));
        start = at;
        if (scanner.pause) await scanner.resume();
        else break;
      }
      const end = read - filled + start;
      if (complete || end >= stop) return { rows: scanner.rows, lines: scanner.lines, end, begun: scanner.begun };
      buffer.copyWithin(0, start, filled);
      filled -= start;
      // A record that fills the whole block needs a larger one.
      if (filled === buffer.length) {
        const larger = Buffer.allocUnsafe(buffer.length * 2);
        buffer.copy(larger, 0, 0, filled);
        buffer = larger;
      }
    }
  } finally {
    await handle.close();
  }
}

class Scanner {
  rows = 0;
  /** What `onRow` asks to wait for before the next record. */
  pause: Promise<void> | undefined;
  readonly #sinks: readonly CellSink[];
  readonly #options: ScanOptions;
  readonly #delimiter: number;
  readonly #starts: Int32Array;
  /** Where a field ends; negative where its quotes hold doubled quotes. */
  readonly #ends: Int32Array;
  #line = 1;
  #record = 0;
  #skipLines: number;

  constructor(options: ScanOptions, sinks: readonly CellSink[]) {
    this.#options = options;
    this.#sinks = sinks;
    this.#delimiter = options.delimiter.charCodeAt(0);
    this.#starts = new Int32Array(options.width + 1);
    this.#ends = new Int32Array(options.width + 1);
    this.#skipLines = options.skipLines;
  }

  /** Lines so far. */
  get lines(): number {
    return this.#line - 1;
  }

  get begun(): boolean {
    return this.#skipLines === 0 && this.#record >= this.#options.skipRecords;
  }

  async resume(): Promise<void> {
    const { pause } = this;
    this.pause = undefined;
    await pause;
  }

  /** Reads the records that lie whole in the bytes from `start` up to `end` and begin before `stop`; says where the first one begins that does not. */
  records(buffer: Buffer, start: number, end: number, complete: boolean, stop: number): number {
    let at = start;
    const last = Math.min(end, stop);
    while (at < last && !this.pause) {
      const next = this.#skipLines > 0 ? this.#skipLine(buffer, at, end, complete) : this.#readRecord(buffer, at, end, complete);
      if (next < 0) break;
      at = next;
    }
    if (!isUtf8(buffer.subarray(start, at))) throw new CsvFault("not_utf8", this.#line);
    return at;
  }

  #skipLine(buffer: Buffer, start: number, end: number, complete: boolean): number {
    let at = start;
    while (at < end && buffer[at] !== lineFeed && buffer[at] !== carriageReturn) at++;
    if (at + 1 >= end && !complete) return -1;
    this.#skipLines--;
    this.#line++;
    return afterLineEnd(buffer, at, end);
  }

  #readRecord(buffer: Buffer, start: number, end: number, complete: boolean): number {
    const delimiter = this.#delimiter;
    const starts = this.#starts;
    const ends = this.#ends;
    const { width } = this.#options;
    let field = 0;
    let at = start;
    let lines = 0;
    for (;;) {
      let from = at;
      if (delimiter !== blank) while (at < end && buffer[at] === blank) at++;
      if (at < end && buffer[at] === quote) {
        let doubled = false;
        from = ++at;
        for (;;) {
          const close = buffer.indexOf(quote, at);
          if (close < 0 || close >= end) {
            if (complete) throw new CsvFault("open_quote", this.#line);
            return -1;
          }
          if (close + 1 >= end && !complete) return -1;
          if (close + 1 < end && buffer[close + 1] === quote) {
            doubled = true;
            at = close + 2;
            continue;
          }
          at = close;
          break;
        }
        for (let inside = from; inside < at; inside++) {
          if (buffer[inside] === lineFeed || (buffer[inside] === carriageReturn && buffer[inside + 1] !== lineFeed)) lines++;
        }
        if (field < starts.length) {
          starts[field] = from;
          ends[field] = doubled ? -at : at;
        }
        at++;
        if (delimiter !== blank) while (at < end && buffer[at] === blank) at++;
        if (at < end && buffer[at] !== delimiter && buffer[at] !== lineFeed && buffer[at] !== carriageReturn) throw new CsvFault("after_quote", this.#line);
      } else {
        let byte = 0;
        while (at < end && (byte = buffer[at]) !== delimiter && byte !== lineFeed && byte !== carriageReturn) at++;
        if (field < starts.length) {
          starts[field] = from;
          ends[field] = at;
        }
      }
      if (at >= end) {
        if (!complete) return -1;
        field++;
        break;
      }
      field++;
      if (buffer[at] !== delimiter) {
        // A line end at the end of the block may be the first half of CRLF.
        if (at + 1 >= end && !complete && buffer[at] === carriageReturn) return -1;
        break;
      }
      at++;
    }
    const next = afterLineEnd(buffer, at, end);
    const line = this.#line;
    this.#line += lines + 1;
    if (field === 1 && isBlankLine(buffer, start, at, width)) return next;
    // A header may have a field less than the records under it, which then begin with a name.
    if (this.#record++ < this.#options.skipRecords) return next;
    if (field !== width) throw new CsvFault("width", line);
    for (let column = 0; column < width; column++) this.#hand(this.#sinks[column], buffer, starts[column], ends[column]);
    this.rows++;
    const pause = this.#options.onRow?.(line);
    if (pause) this.pause = pause;
    return next;
  }

  #hand(sink: CellSink, buffer: Buffer, start: number, end: number): void {
    if (end >= 0) sink.bytes(buffer, start, end);
    else sink.text(buffer.toString("utf8", start, -end).replaceAll('""', '"'));
  }
}

/** Whether there is nothing up to `end`; blanks are nothing where a record has several fields. */
function isBlankLine(buffer: Buffer, start: number, end: number, width: number): boolean {
  if (width === 1) return end === start;
  for (let at = start; at < end; at++) if (buffer[at] !== blank) return false;
  return true;
}

/** Behind the line end at `at`: LF, CRLF or CR; `end` where there is none. */
function afterLineEnd(buffer: Buffer, at: number, end: number): number {
  if (at >= end) return end;
  return at + (buffer[at] === carriageReturn && buffer[at + 1] === lineFeed && at + 1 < end ? 2 : 1);
}
