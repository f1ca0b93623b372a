import type { CellSink } from "./cell-sink.ts";
import { lastForm, numberOfBytes } from "./plain-number.ts";
import type { PackedCells, RememberedCells } from "./remembered-cells.ts";
import { TextTable, type PackedTexts } from "./text-table.ts";

const encoder = new TextEncoder();
const largest = Number.MAX_SAFE_INTEGER;

/** A survey as plain data, which a thread can hand to another one. */
export interface PackedSurvey {
  readonly rows: number;
  readonly empty: number;
  readonly numbers: number;
  readonly integers: number;
  readonly codes: number;
  readonly large: number;
  readonly grouped: number;
  readonly min: number;
  readonly max: number;
  readonly dateDigits: boolean;
  readonly monthDigits: boolean;
  readonly texts: PackedTexts;
  readonly counts: Int32Array<ArrayBuffer>;
  readonly firstRows: Float64Array<ArrayBuffer>;
  readonly cells?: PackedCells;
}

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
  #counts: Int32Array<ArrayBuffer> = new Int32Array(64);
  #firstRows: Float64Array<ArrayBuffer> = new Float64Array(64);
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

  get packed(): PackedSurvey {
    const { rows, empty, numbers, integers, codes, large, grouped, min, max, dateDigits, monthDigits, texts, cells } = this;
    const counts = this.#counts.slice(0, texts.size);
    const firstRows = this.#firstRows.slice(0, texts.size);
    return { rows, empty, numbers, integers, codes, large, grouped, min, max, dateDigits, monthDigits, texts: texts.packed, counts, firstRows, ...(cells && { cells: cells.packed }) };
  }

  /** Counts the cells of later rows in, as a survey of them alone has met them. */
  append(later: PackedSurvey): void {
    const numbers = this.texts.append(later.texts);
    this.#roomFor(this.texts.size);
    for (const [at, text] of numbers.entries()) {
      if (this.#counts[text] === 0) this.#firstRows[text] = this.rows + later.firstRows[at];
      this.#counts[text] += later.counts[at];
    }
    if (later.cells) this.cells?.append(later.cells, numbers);
    this.rows += later.rows;
    this.empty += later.empty;
    this.numbers += later.numbers;
    this.integers += later.integers;
    this.codes += later.codes;
    this.large += later.large;
    this.grouped += later.grouped;
    if (later.min < this.min) this.min = later.min;
    if (later.max > this.max) this.max = later.max;
    this.dateDigits &&= later.dateDigits;
    this.monthDigits &&= later.monthDigits;
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
    this.#roomFor(text + 1);
    if (this.#counts[text]++ === 0) this.#firstRows[text] = this.rows;
    this.cells?.text(text);
    this.rows++;
  }

  /** Makes room to count so many texts. */
  #roomFor(texts: number): void {
    if (texts <= this.#counts.length) return;
    const size = Math.max(texts, this.#counts.length * 2);
    const [counts, rows] = [new Int32Array(size), new Float64Array(size)];
    counts.set(this.#counts);
    rows.set(this.#firstRows);
    this.#counts = counts;
    this.#firstRows = rows;
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
