import { eachPlace, numbersOf, textsOf } from "../../parquet/plain-values.ts";
import { ParquetReader, type ColumnBlock, type StoredColumn } from "../../parquet/parquet-reader.ts";

/** Answered rows of the prediction log as columns, `n` of them: each row of a request once for every variant that answered it. */
export interface LogRows {
  readonly n: number;
  readonly requestIds: readonly string[];
  readonly rowIndexes: Float64Array;
  /** 64 bits of the row's values; 0 where `hasDigest` is 0. */
  readonly digests: BigInt64Array;
  readonly hasDigest: Uint8Array;
  /** Milliseconds. */
  readonly eventTimes: Float64Array;
  readonly receivedAts: Float64Array;
  readonly shadows: Uint8Array;
  readonly variants: readonly string[];
  readonly versions: Float64Array;
  /** Outputs that are numbers by their column, NaN where a version has none; in the order in which files name them. Empty where they were not asked for. */
  readonly outputs: ReadonlyMap<string, Float64Array>;
}

const micros = 10;

/**
 * Reads files of the prediction log that the gateway wrote, without a database: the rows that were answered. Undefined where a file is of another's writing,
 * or lacks a column that every log has.
 *
 * @param isOutput which columns, all of numbers, are handed out as outputs
 * @throws what the file system says, and `RangeError` or an error of zlib's where a file is damaged
 */
export async function readLogRows(paths: readonly string[], isOutput: (name: string) => boolean): Promise<LogRows | undefined> {
  const readers: ParquetReader[] = [];
  try {
    for (const path of paths) {
      const reader = await ParquetReader.open(path);
      if (!reader) return undefined;
      readers.push(reader);
    }
    const filled = new Filled(
      readers.reduce((sum, { rows }) => sum + rows, 0),
      [...new Set(readers.flatMap(({ columns }) => columns.filter(({ name, physical }) => isOutput(name) && physical === "DOUBLE").map(({ name }) => name)))],
    );
    for (const reader of readers) {
      const wanted = [...logColumns, ...filled.outputs.keys()];
      const places = wanted.map((name) => reader.columns.findIndex((column) => column.name === name));
      if (logColumns.some((name, at) => name !== "row_digest" && places[at] < 0)) return undefined;
      const there = wanted.flatMap((name, at) => (places[at] < 0 ? [] : [{ name, place: places[at] }]));
      const stored = there.map(({ place }) => reader.columns[place]);
      for await (const blocks of reader.blocks(there.map(({ place }) => place))) filled.add(stored, blocks);
    }
    return filled.answered();
  } finally {
    for (const reader of readers) await reader.close();
  }
}

const logColumns = ["request_id", "row_index", "row_digest", "event_time", "received_at", "shadow", "variant", "version", "status"];

class Filled {
  readonly outputs: Map<string, Float64Array>;
  readonly #texts: Record<string, string[]> = { request_id: [], variant: [], version: [], status: [] };
  readonly #numbers: Record<string, Float64Array>;
  readonly #shadows: Uint8Array;
  readonly #digests: BigInt64Array;
  readonly #hasDigest: Uint8Array;
  #rows = 0;

  constructor(rows: number, outputs: readonly string[]) {
    this.outputs = new Map(outputs.map((name) => [name, new Float64Array(rows).fill(NaN)]));
    this.#numbers = Object.fromEntries(["row_index", "event_time", "received_at"].map((name) => [name, new Float64Array(rows)]));
    this.#shadows = new Uint8Array(rows);
    this.#digests = new BigInt64Array(rows);
    this.#hasDigest = new Uint8Array(rows);
  }

  add(columns: readonly StoredColumn[], blocks: readonly ColumnBlock[]): void {
    const from = this.#rows;
    for (const [at, block] of blocks.entries()) this.#put(columns[at], block, from);
    this.#rows += blocks[0].rows;
  }

  #put({ name, physical, converted }: StoredColumn, block: ColumnBlock, from: number): void {
    if (physical === "BYTE_ARRAY") {
      const [values, into] = [textsOf(block.plain), this.#texts[name]];
      eachPlace(block, (_, place) => into.push(place < 0 ? "" : values[place]));
    } else if (physical === "BOOLEAN") {
      const { plain } = block;
      eachPlace(block, (row, place) => (this.#shadows[from + row] = place < 0 ? 0 : (plain[place >> 3] >> (place & 7)) & 1));
    } else if (name === "row_digest") {
      const words = new BigInt64Array(new Uint8Array(block.plain).buffer);
      eachPlace(block, (row, place) => {
        if (place < 0) return;
        this.#digests[from + row] = words[place];
        this.#hasDigest[from + row] = 1;
      });
    } else {
      const [numbers, into] = [numbersOf(block.plain, physical), this.outputs.get(name) ?? this.#numbers[name]];
      const perMs = converted === micros ? 1000 : 1;
      eachPlace(block, (row, place) => (into[from + row] = place < 0 ? NaN : perMs === 1 ? numbers[place] : Math.floor(numbers[place] / perMs)));
    }
  }

  /** The rows whose status is `ok`; undefined where a version is no number. */
  answered(): LogRows | undefined {
    const { request_id: requestIds, variant: variants, version, status } = this.#texts;
    const { row_index: rowIndexes, event_time: eventTimes, received_at: receivedAts } = this.#numbers;
    const numbers = new Map([...new Set(version)].map((text) => [text, Number(text)]));
    if (![...numbers.values()].every(Number.isInteger) || requestIds.length !== this.#rows) return undefined;
    const versions = new Float64Array(this.#rows);
    for (const [row, text] of version.entries()) versions[row] = numbers.get(text)!;
    const all: LogRows = { n: this.#rows, requestIds, variants, rowIndexes, eventTimes, receivedAts, versions, shadows: this.#shadows, digests: this.#digests, hasDigest: this.#hasDigest, outputs: this.outputs };
    return rowsAt(all, placesOf(all, (row) => status[row] === "ok"));
  }
}

/** Some of the rows, in the order of their places; the rows themselves where these are all in their order. */
export function rowsAt(of: LogRows, places: Uint32Array): LogRows {
  const n = places.length;
  let same = n === of.n;
  for (let at = 0; same && at < n; at++) same = places[at] === at;
  if (same) return of;
  const take = <T extends Float64Array | Uint8Array | BigInt64Array | string[]>(from: T | readonly string[], into: T): T => {
    for (let at = 0; at < n; at++) into[at] = from[places[at]] as never;
    return into;
  };
  const numbers = (values: Float64Array): Float64Array => take(values, new Float64Array(n));
  return {
    n,
    requestIds: take(of.requestIds, emptyTexts(n)),
    rowIndexes: numbers(of.rowIndexes),
    digests: take(of.digests, new BigInt64Array(n)),
    hasDigest: take(of.hasDigest, new Uint8Array(n)),
    eventTimes: numbers(of.eventTimes),
    receivedAts: numbers(of.receivedAts),
    shadows: take(of.shadows, new Uint8Array(n)),
    variants: take(of.variants, emptyTexts(n)),
    versions: numbers(of.versions),
    outputs: new Map([...of.outputs].map(([name, values]) => [name, numbers(values)])),
  };
}

/** Whether no two rows have the same request id: then each is there once, and nothing more is to be told apart. */
export const areAllDifferent = ({ n, requestIds }: LogRows): boolean => new Set(requestIds).size === n;

/** The numbers of all rows for which `wanted` is true. */
export function placesOf({ n }: LogRows, wanted: (row: number) => boolean): Uint32Array {
  const places = new Uint32Array(n);
  let found = 0;
  for (let row = 0; row < n; row++) if (wanted(row)) places[found++] = row;
  return places.subarray(0, found);
}

const emptyTexts = (n: number): string[] => Array.from({ length: n }, () => "");
