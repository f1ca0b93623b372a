import type { CellSink } from "./cell-sink.ts";
import { lastForm, numberOfBytes } from "./plain-number.ts";
import type { RememberedCells } from "./remembered-cells.ts";
import { TextTable } from "./text-table.ts";

const encoder = new TextEncoder();
const largest = Number.MAX_SAFE_INTEGER;

/** What a column holds, counted over every cell: plain numbers by their form, all other texts one by one. What it means is decided from this. */
export class SurveyColumn implements CellSink {
  /** Cells so far. */
  rows = 0;
  empty = 0;
  /** Plain numbers, codes and integers beyond 2^53 among them. */
  numbers = 0;
  integers = 0;
  /** Integers with a needless zero before them (`0101`) or a plus before seven digits. */
  codes = 0;
  /** Integers beyond 2^53. */
  large = 0;
  /** Numbers with exactly three digits behind the point and one to three before it. */
  grouped = 0;
  min = Infinity;
  max = -Infinity;
  /** Whether every number so far is a date's eight digits, or a month's six. */
  dateDigits = true;
  monthDigits = true;
  /** Distinct texts that are no plain numbers, how often each comes and in which row first. */
  readonly texts = new TextTable();
  #counts = new Int32Array(64);
  #firstRows = new Float64Array(64);
  /** The source gives whole numbers as floats, so none of them counts as an integer. */
  readonly #floats: boolean;

  /** The cells themselves, where they are to be read again. */
  readonly cells: RememberedCells | undefined;

  constructor(floats = false, cells?: RememberedCells) {
    this.#floats = floats;
    this.cells = cells;
  }

  bytes(buffer: Uint8Array, start: number, end: number): void {
    while (start < end && isBlank(buffer[start])) start++;
    while (end > start && isBlank(buffer[end - 1])) end--;
    if (start === end) return this.missing();
    const value = numberOfBytes(buffer, start, end);
    if (value === value) this.#plain(value, lastForm.integer, lastForm.code, lastForm.grouped);
    else this.#count(this.texts.put(buffer, start, end));
  }

  text(text: string): void {
    const bytes = encoder.encode(text);
    this.bytes(bytes, 0, bytes.length);
  }

  number(value: number): void {
    if (value !== value) return this.missing();
    if (!Number.isFinite(value)) return this.#count(this.texts.putText(String(value)));
    this.#plain(value, !this.#floats && Number.isInteger(value), false, false);
  }

  time(value: number): void {
    this.number(value);
  }

  missing(): void {
    this.rows++;
    this.empty++;
    this.cells?.missing();
  }

  countOf(text: number): number {
    return this.#counts[text];
  }

  firstRowOf(text: number): number {
    return this.#firstRows[text];
  }

  #plain(value: number, integer: boolean, code: boolean, grouped: boolean): void {
    this.rows++;
    this.numbers++;
    this.cells?.number(value);
    if (integer) {
      this.integers++;
      if (code) this.codes++;
      if (value > largest || value < -largest) this.large++;
    } else if (grouped) this.grouped++;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.dateDigits && !(integer && isDateDigits(value))) this.dateDigits = false;
    if (this.monthDigits && !(integer && isMonthDigits(value))) this.monthDigits = false;
  }

  #count(text: number): void {
    if (text === this.#counts.length) {
      const [counts, rows] = [new Int32Array(text * 2), new Float64Array(text * 2)];
      counts.set(this.#counts);
      rows.set(this.#firstRows);
      this.#counts = counts;
      this.#firstRows = rows;
    }
    if (this.#counts[text]++ === 0) this.#firstRows[text] = this.rows;
    this.cells?.text(text);
    this.rows++;
  }
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 9;

const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDateDigits(value: number): boolean {
  if (value < 1800_01_01 || value > 2200_12_31) return false;
  const month = Math.floor(value / 100) % 100;
  const day = value % 100;
  return month >= 1 && month <= 12 && day >= 1 && day <= daysOfMonth[month - 1];
}

function isMonthDigits(value: number): boolean {
  const month = value % 100;
  return value >= 1800_01 && value <= 2200_12 && month >= 1 && month <= 12;
}
