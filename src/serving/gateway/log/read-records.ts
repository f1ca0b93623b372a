import type { ChunkHead } from "./chunk-head.ts";
import { fixedSlots, slotsOf } from "./log-record.ts";
import { RowDigest } from "./row-digest.ts";
import { codedColumn, constantColumn, integerColumn, numberColumn, plainTextColumn } from "../../../parquet/column-values.ts";
import type { ColumnValues } from "../../../parquet/column-values.ts";

/** The columns of a file from the records of a chunk, in parts that each begin at a multiple of eight bytes of their memory. */
export function columnsOf(head: ChunkHead, parts: readonly Uint8Array[], rows: number): ColumnValues[] {
  const numbers = () => new Float64Array(rows);
  const fixed = { eventTime: numbers(), receivedAt: numbers(), propensity: numbers(), latency: numbers(), queue: numbers(), run: numbers() };
  const fixedInOrder = Object.values(fixed);
  const rowIndex = numbers();
  const digest = new RowDigest(rows);
  const ids = new PlainTexts(rows);
  const tensors = head.tensors.map(({ kind, columns, from, filled }) => ({ kind, from, filled, columns: columns.map(() => (kind === "numbers" ? numbers() : new Coded(rows))) }));
  let row = 0;
  for (const part of parts) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const slots = new Float64Array(part.buffer, part.byteOffset, part.byteLength >>> 3);
    for (let at = 0; at < slots.length;) {
      const count = slots[at];
      for (let index = 1; index < count; index++) rowIndex[row + index] = index;
      for (let field = 1; field < fixedSlots; field++) {
        const value = slots[at + field];
        const values = fixedInOrder[field - 1];
        for (let index = 0; index < count; index++) values[row + index] = value;
      }
      at += fixedSlots;
      const text = (): [from: number, to: number] => {
        const from = (at + 1) * 8;
        const length = slots[at];
        at += 1 + slotsOf(length);
        return [from, from + length];
      };
      ids.push(bytes, ...text(), count);
      for (const { kind, columns, from, filled } of tensors) {
        const isInput = from === "inputs" && filled !== true;
        if (kind === "digests") {
          for (let index = 0; index < count; index++) digest.number(row + index, slots[at + index]);
          at += count;
        } else if (kind === "numbers") {
          const width = columns.length;
          for (let column = 0; column < width; column++) {
            const values = columns[column] as Float64Array;
            if (count === 1) values[row] = slots[at + column];
            else for (let index = 0; index < count; index++) values[row + index] = slots[at + index * width + column];
          }
          if (isInput) for (let index = 0; index < count; index++) for (let column = 0; column < width; column++) digest.number(row + index, slots[at + index * width + column]);
          at += count * width;
        } else if (kind === "shape") {
          const shape = bytes.toString("utf8", ...text());
          for (let index = 0; index < count; index++) (columns[0] as Coded).set(row + index, shape);
        } else {
          for (let index = 0; index < count; index++) {
            for (const column of columns) {
              const [start, end] = text();
              if (isInput) digest.bytes(row + index, bytes, start, end);
              (column as Coded).set(row + index, bytes.toString("utf8", start, end));
            }
          }
        }
      }
      row += count;
    }
  }
  return [
    plainTextColumn("request_id", ids.bytes, rows),
    numberColumn("row_index", "INT64", rowIndex),
    integerColumn("row_digest", digest.words),
    numberColumn("event_time", "TIMESTAMP", fixed.eventTime),
    numberColumn("received_at", "TIMESTAMP", fixed.receivedAt),
    constantColumn("endpoint", head.endpoint, rows),
    constantColumn("version", head.version, rows),
    constantColumn("variant", head.variant, rows),
    constantColumn("shadow", head.shadow, rows),
    numberColumn("propensity", "DOUBLE", fixed.propensity),
    constantColumn("log_share", head.logShare, rows),
    numberColumn("latency_us", "INT64", fixed.latency),
    numberColumn("queue_us", "INT64", fixed.queue),
    numberColumn("run_us", "INT64", fixed.run),
    constantColumn("status", head.status, rows),
    ...head.tensors.flatMap(({ columns }, tensor) =>
      columns.map((name, index) => {
        const values = tensors[tensor].columns[index];
        return values instanceof Coded ? codedColumn(name, values.codes, [...values.dictionary.keys()]) : numberColumn(name, "DOUBLE", values);
      }),
    ),
  ];
}

/** Texts that are hardly ever there twice, in Parquet's PLAIN encoding: length, then bytes. They are copied, never decoded. */
class PlainTexts {
  #bytes: Buffer;
  #length = 0;

  constructor(rows: number) {
    this.#bytes = Buffer.allocUnsafe(rows * 40);
  }

  push(source: Buffer, from: number, to: number, times: number): void {
    const size = 4 + to - from;
    if (this.#length + size * times > this.#bytes.length) {
      const larger = Buffer.allocUnsafe((this.#length + size * times) * 2);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    for (let i = 0; i < times; i++) {
      this.#bytes.writeUInt32LE(to - from, this.#length);
      source.copy(this.#bytes, this.#length + 4, from, to);
      this.#length += size;
    }
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Texts, each kept once. "" is a missing value. */
class Coded {
  readonly codes: Int32Array;
  readonly dictionary = new Map<string, number>();

  constructor(rows: number) {
    this.codes = new Int32Array(rows);
  }

  set(row: number, value: string): void {
    let code = value === "" ? -1 : this.dictionary.get(value);
    if (code === undefined) this.dictionary.set(value, (code = this.dictionary.size));
    this.codes[row] = code;
  }
}
