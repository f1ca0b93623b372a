import { invalid } from "../../../errors.ts";
import { truthOf } from "../../../values/known-categories.ts";
import { readCategory, readNumber, readTime } from "../../../values/read-cell.ts";
import { describeReading } from "../../../values/reading.ts";
import type { Cell, CategoryReading, NumberReading, TimeReading } from "../../../values/reading.ts";
import { isoText } from "../../../values/time-text.ts";
import type { TensorSpec } from "../runtimes/runtime.ts";
import { floatMisfit, surelyFits } from "./float-fit.ts";
import { noBf16 } from "./read-values.ts";
import { shown } from "./shown.ts";
import { datatypes } from "./tensor.ts";
import type { BytesElement, Datatype, Numbers, Values } from "./tensor.ts";

/** Puts cells into the array that an input of a model takes. */
export interface CellReader {
  readonly values: Values;
  /** Where it met categories that the model does not know; undefined where there were none. */
  readonly unseen?: readonly number[] | undefined;
  /** Fails with `serving.bad_value` where the cell is not what the input takes. */
  put(cell: unknown, at: number): void;
}

/** How numbers are read where a model says nothing: plain ones, and the usual words for missing. */
export const plainNumbers: NumberReading = { type: "number" };

/** What an input of a model is fed. */
export const fedTo = ({ fed, datatype }: TensorSpec): Datatype => fed ?? datatype;

/** A reader of `length` cells for an input; `where` names it in errors. The reading of the input decides; nothing else does. */
export function cellReader(spec: TensorSpec, length: number, where: string): CellReader {
  const { reading } = spec;
  const datatype = fedTo(spec);
  const { array, integer } = datatypes.get(datatype)!;
  if (datatype === "BF16") throw noBf16(where);
  if (reading?.type === "timestamp" && !array) return new TimeTexts(length, reading, where);
  if (reading?.type === "timestamp") return new TimeCells(new Float64Array(length), reading, where);
  if (reading?.type === "category") return new CategoryCells(reading, spec, where);
  if (!array) return new TextCells(length, where);
  if (datatype === "BOOL") return new TruthCells(new Uint8Array(length), where);
  const numbers = reading ?? plainNumbers;
  return integer ? new IntegerCells(new array(length), numbers, datatype, where) : new NumberCells(new array(length) as Float64Array, numbers, datatype, reading !== undefined, where);
}

const isCell = (value: unknown): value is Cell => value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol");

/** The refusal of a cell; `right` says what the input takes. */
const wrong = (where: string, at: number, cell: unknown, right: string) =>
  invalid("serving.bad_value", `${where}: data[${at}] is ${shown(cell)}; it takes ${right} (null for a missing one).`);

class NumberCells implements CellReader {
  readonly values: Float64Array;
  readonly #reading: NumberReading;
  readonly #where: string;
  readonly #datatype: Datatype;
  /** Integers may be rounded, as those of training were. */
  readonly #rounding: boolean;
  readonly #sure: number;
  /** Whether a number may stand for a missing one. */
  readonly #words: boolean;

  constructor(values: Float64Array, reading: NumberReading, datatype: Datatype, rounding: boolean, where: string) {
    this.values = values;
    this.#reading = reading;
    this.#datatype = datatype;
    this.#rounding = rounding;
    this.#sure = surelyFits(datatype);
    this.#where = where;
    this.#words = hasNumericWords(reading);
  }

  put(cell: unknown, at: number): void {
    const value = typeof cell === "number" && !this.#words ? cell : isCell(cell) ? readNumber(cell, this.#reading) : undefined;
    if (value === undefined) throw wrong(this.#where, at, cell, describeReading(this.#reading));
    if (value > this.#sure || value < -this.#sure) this.#check(value, cell, at);
    this.values[at] = value;
  }

  #check(value: number, cell: unknown, at: number): void {
    const digits = typeof cell === "bigint" || (typeof cell === "string" && /^\s*-?\d{16,}\s*$/.test(cell));
    const misfit = floatMisfit(digits ? BigInt(cell) : value, this.#datatype, this.#rounding);
    if (misfit !== undefined) throw invalid("serving.bad_value", `${this.#where}: data[${at}] is ${shown(cell)}; ${misfit} (null for a missing one).`);
  }
}

/** Whether some of the words for missing are numbers, as −999 is. */
export const hasNumericWords = ({ missing }: NumberReading): boolean => missing?.some((word) => word.trim() !== "" && !Number.isNaN(Number(word))) ?? false;

class TimeCells implements CellReader {
  readonly values: Float64Array;
  readonly #reading: TimeReading;
  readonly #where: string;

  constructor(values: Float64Array, reading: TimeReading, where: string) {
    this.values = values;
    this.#reading = reading;
    this.#where = where;
  }

  put(cell: unknown, at: number): void {
    const value = isCell(cell) ? readTime(cell, this.#reading) : undefined;
    if (value === undefined) throw wrong(this.#where, at, cell, describeReading(this.#reading));
    this.values[at] = value;
  }
}

/** Points in time for a model that takes them as texts: all in one form, in UTC. */
class TimeTexts implements CellReader {
  readonly values: string[];
  readonly #instants: TimeCells;

  constructor(length: number, reading: TimeReading, where: string) {
    this.values = Array.from({ length }, () => "");
    this.#instants = new TimeCells(new Float64Array(length), reading, where);
  }

  put(cell: unknown, at: number): void {
    this.#instants.put(cell, at);
    const instant = this.#instants.values[at];
    this.values[at] = Number.isNaN(instant) ? "" : isoText(instant);
  }
}

class CategoryCells implements CellReader {
  readonly values: string[] = [];
  unseen: number[] | undefined;
  readonly #reading: CategoryReading;
  readonly #spec: TensorSpec;
  readonly #where: string;

  constructor(reading: CategoryReading, spec: TensorSpec, where: string) {
    this.#reading = reading;
    this.#spec = spec;
    this.#where = where;
  }

  put(cell: unknown, at: number): void {
    if (!isCell(cell)) throw wrong(this.#where, at, cell, describeReading(this.#reading));
    const { known } = this.#spec;
    const value = readCategory(cell, this.#reading, known);
    this.values[at] = value;
    if (known && value !== "" && !known.has(value)) (this.unseen ??= []).push(at);
  }
}

/** Texts of a model that says nothing of them: kept to the letter. */
class TextCells implements CellReader {
  readonly values: BytesElement[];
  readonly #where: string;

  constructor(length: number, where: string) {
    this.values = Array.from({ length }, () => "");
    this.#where = where;
  }

  put(cell: unknown, at: number): void {
    if (typeof cell === "string" || cell instanceof Uint8Array) this.values[at] = cell;
    else if (typeof cell === "boolean" || typeof cell === "bigint" || (typeof cell === "number" && Number.isInteger(cell))) this.values[at] = String(cell);
    else if (cell !== null && cell !== undefined && !Number.isNaN(cell)) throw wrong(this.#where, at, cell, "strings");
  }
}

class TruthCells implements CellReader {
  readonly values: Uint8Array;
  readonly #where: string;

  constructor(values: Uint8Array, where: string) {
    this.values = values;
    this.#where = where;
  }

  put(cell: unknown, at: number): void {
    const truth = typeof cell === "boolean" ? cell : isCell(cell) && cell !== null && cell !== undefined ? truthOf(String(cell).trim()) : undefined;
    if (truth === undefined) throw wrong(this.#where, at, cell, "true and false, of which none may be missing");
    this.values[at] = truth ? 1 : 0;
  }
}

/** Integers, none of which may be missing: the arrays of the runtimes have no place for that. */
class IntegerCells implements CellReader {
  readonly values: Numbers;
  readonly #reading: NumberReading;
  readonly #datatype: Datatype;
  readonly #where: string;

  constructor(values: Numbers, reading: NumberReading, datatype: Datatype, where: string) {
    this.values = values;
    this.#reading = reading;
    this.#datatype = datatype;
    this.#where = where;
  }

  put(cell: unknown, at: number): void {
    const value = typeof cell === "string" && /^\s*-?\d{16,}\s*$/.test(cell) ? BigInt(cell) : typeof cell === "bigint" ? cell : isCell(cell) ? readNumber(cell, this.#reading) : undefined;
    if (value === undefined) throw wrong(this.#where, at, cell, this.#right());
    if (Number.isNaN(value)) throw invalid("serving.bad_value", `${this.#where} has a missing value at position ${at}; the model takes integers there (${this.#datatype}).`);
    // Of the digits of a text none may be lost.
    const rounded = typeof cell === "string" && typeof value === "number" && Math.abs(value) >= 2 ** 53;
    if (rounded || !fitsInteger(value, this.#datatype)) throw wrong(this.#where, at, cell, this.#right());
    if (this.values instanceof BigInt64Array || this.values instanceof BigUint64Array) this.values[at] = BigInt(value);
    else this.values[at] = Number(value);
  }

  #right(): string {
    const [least, most] = datatypes.get(this.#datatype)!.range;
    return this.#datatype.endsWith("INT64") ? `integers of 64 bits${least === 0 ? " without a sign" : ""}` : `integers from ${least} to ${most}`;
  }
}

/** Whether a number is one of the integers of a datatype. */
export function fitsInteger(value: number | bigint, datatype: Datatype): boolean {
  if (typeof value === "bigint") {
    if (datatype === "INT64") return BigInt.asIntN(64, value) === value;
    if (datatype === "UINT64") return BigInt.asUintN(64, value) === value;
  }
  const { range: [least, most], array } = datatypes.get(datatype)!;
  const big = array === BigInt64Array || array === BigUint64Array;
  return (typeof value === "bigint" || Number.isInteger(value)) && value >= least && (big ? value < most : value <= most);
}
