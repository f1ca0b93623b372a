import { invalid } from "../../../errors.ts";
import { firstMisfit, floatMisfit, surelyFits } from "./float-fit.ts";
import { kindOf } from "./json-kind.ts";
import { NumberList } from "./number-lists/number-list.ts";
import { datatypes } from "./tensor.ts";
import type { BytesElement, Datatype, Numbers, Values } from "./tensor.ts";

/** Lists in lists in lists … are not looked into further than this. */
export const deepest = 32;
const tooDeep = (where: string) => invalid("serving.bad_shape", `${where}: data nests deeper than ${deepest} levels.`);

/**
 * The shape of nested lists, `[[1, 2], [3, 4]]` is [2, 2]; [] of what is no list. Follows the first element of each
 * list: `readValues` finds what does not fit.
 */
export function shapeOf(data: unknown, where: string): number[] {
  if (data instanceof NumberList) return [...data.shape];
  const shape: number[] = [];
  for (let at = data; Array.isArray(at); at = at[0]) {
    shape.push(at.length);
    if (shape.length > deepest) throw tooDeep(where);
  }
  return shape;
}

/**
 * `count` elements of JSON as the array of a datatype: a list in row-major order, flat or nested as the shape says, or
 * one value alone. A missing value (null) makes integers doubles with NaN. `where` names the tensor in errors.
 */
export function readValues(data: unknown, datatype: Datatype, count: number, where: string): Values {
  if (data instanceof NumberList) return fromNumbers(data.values, datatype, count) ?? readValues(data.toLists(), datatype, count, where);
  const { array } = datatypes.get(datatype)!;
  if (datatype === "BF16") throw noBf16(where);
  return readLists(data, count, where, (room) => (array ? new NumberReader(datatype, where, new array(room)) : new StringReader(where, room))).values;
}

export const noBf16 = (where: string): Error => invalid("serving.bad_datatype", `${where}: BF16 has no form in JSON; send it as raw bytes.`);

/** Hands `count` elements of JSON, in the forms that `readValues` takes, to a reader, which is made for so many of them at most. */
export function readLists<R extends ListReader>(data: unknown, count: number, where: string, make: (room: number) => R): R {
  const list: readonly unknown[] = Array.isArray(data) ? data : [data];
  // No more room than there are elements: a shape may ask for more than there is memory.
  const reader = make(Math.min(count, countLeaves(list, count, where, 0)));
  readList(list, reader, count, where, 0);
  if (reader.read !== count) throw wrongLength(reader.read, count, where);
  return reader;
}

/** `count` plain numbers (null: missing) as floats; undefined where something else is among them, what FP32 does not hold, or they are not as many, which `readValues` says of lists. */
export function readNumbers(data: unknown, datatype: "FP32" | "FP64", count: number): Float32Array | Float64Array | undefined {
  const list: readonly unknown[] = Array.isArray(data) ? data : [data];
  // A shape may ask for more than there is memory, and lists hold no more than their lengths say.
  if (count > list.length && !Array.isArray(list[0])) return undefined;
  if (count > mostUncounted && countLeaves(list, count, "", 0) !== count) return undefined;
  const values = datatype === "FP32" ? new Float32Array(count) : new Float64Array(count);
  return fill(values, list, 0, 0, surelyFits(datatype)) === count ? values : undefined;
}

const mostUncounted = 65_536;

/** Where the next element goes; -1 where a list holds something else than numbers, lists of different lengths, or what beyond `sure` does not fit. */
function fill(values: Float32Array | Float64Array, list: readonly unknown[], start: number, depth: number, sure: number): number {
  let at = start;
  if (!Array.isArray(list[0])) {
    if (at + list.length > values.length) return -1;
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (typeof value === "number") {
        if ((value > sure || value < -sure) && values instanceof Float32Array && floatMisfit(value, "FP32") !== undefined) return -1;
        values[at++] = value;
      } else if (value === null) values[at++] = NaN;
      else return -1;
    }
    return at;
  }
  if (depth > deepest) return -1;
  const { length } = list[0];
  for (const inner of list) {
    if (!Array.isArray(inner) || inner.length !== length) return -1;
    at = fill(values, inner, at, depth + 1, sure);
    if (at < 0) return -1;
  }
  return at;
}

/** Numbers as the array of a datatype; undefined where they do not fit it or are not `count`, which `readValues` says of lists. */
function fromNumbers(numbers: Float64Array, datatype: Datatype, count: number): Values | undefined {
  const { array, integer, range } = datatypes.get(datatype)!;
  if (numbers.length !== count || !array || datatype === "BF16") return undefined;
  if (datatype === "FP64") return numbers;
  if (datatype === "FP32") return asFloats(numbers);
  if (integer) {
    // 2^63 and 2^64 are doubles, and no integers of 64 bits any more.
    const open = datatype.endsWith("INT64");
    if (!numbers.every((value) => Number.isInteger(value) && value >= range[0] && (open ? value < range[1] : value <= range[1]))) return undefined;
  } else if (firstMisfit(numbers, datatype) >= 0) return undefined;
  const values = new array(count);
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) for (let i = 0; i < count; i++) values[i] = BigInt(numbers[i]);
  else values.set(numbers);
  return values;
}

/** Numbers in 32 bits; undefined where one does not fit. Large tensors are mostly these, so each number is looked at once. */
function asFloats(numbers: Float64Array): Float32Array | undefined {
  const values = new Float32Array(numbers.length);
  const sure = surelyFits("FP32");
  let large = false;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    values[i] = value;
    if (value > sure || value < -sure) large = true;
  }
  return large && firstMisfit(numbers, "FP32") >= 0 ? undefined : values;
}

/** The elements of nested lists; stops counting when there are more than `count`. What is amiss in the lists, `readList` says. */
function countLeaves(list: readonly unknown[], count: number, where: string, depth: number): number {
  if (!Array.isArray(list[0])) return list.length;
  if (depth > deepest) throw tooDeep(where);
  let found = 0;
  for (const inner of list) {
    found += Array.isArray(inner) ? countLeaves(inner, count, where, depth + 1) : 1;
    if (found > count) break;
  }
  return found;
}

/** Takes the elements of lists one after the other. */
export interface ListReader {
  /** Elements read so far. */
  read: number;
  /** Takes the elements of a list that holds no list. */
  take(list: readonly unknown[]): void;
}

function readList(list: readonly unknown[], reader: ListReader, count: number, where: string, depth: number): void {
  if (!Array.isArray(list[0])) {
    if (reader.read + list.length > count) throw wrongLength(reader.read + list.length, count, where);
    reader.take(list);
    return;
  }
  if (depth > deepest) throw tooDeep(where);
  const { length } = list[0];
  for (const inner of list) {
    if (!Array.isArray(inner) || inner.length !== length) {
      throw invalid("serving.bad_length", `${where}: the lists in data differ in length; nest them as the shape says, or send one flat list.`);
    }
    readList(inner, reader, count, where, depth + 1);
  }
}

const wrongLength = (found: number, count: number, where: string) =>
  invalid("serving.bad_length", `${where}: the shape asks for ${count} elements, and data has ${found === count + 1 ? found : `${found}${found > count ? " or more" : ""}`}.`);

class NumberReader implements ListReader {
  values: Numbers;
  read = 0;
  readonly #datatype: Datatype;
  readonly #where: string;

  constructor(datatype: Datatype, where: string, values: Numbers) {
    this.#datatype = datatype;
    this.#where = where;
    this.values = values;
  }

  take(list: readonly unknown[]): void {
    const { integer } = datatypes.get(this.#datatype)!;
    if (integer) this.#takeIntegers(list);
    else this.#takeFloats(list, this.values as Float32Array);
  }

  #takeFloats(list: readonly unknown[], values: Float32Array): void {
    const sure = surelyFits(this.#datatype);
    let at = this.read;
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (typeof value === "number" && value <= sure && value >= -sure) values[at++] = value;
      else if (value === null) values[at++] = NaN;
      else {
        this.read = at;
        if (typeof value !== "number" && typeof value !== "bigint") throw this.#wrong(value, `${this.#datatype} takes numbers`);
        const misfit = floatMisfit(value, this.#datatype);
        if (misfit !== undefined) throw this.#wrong(value, misfit);
        values[at++] = Number(value);
      }
    }
    this.read = at;
  }

  #takeIntegers(list: readonly unknown[]): void {
    const { range } = datatypes.get(this.#datatype)!;
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) this.#put(value, range);
      else if (value === null) this.#putMissing();
      else if (this.#datatype === "BOOL" && typeof value === "boolean") this.#put(value ? 1 : 0, range);
      else throw this.#wrong(value, `${this.#datatype} takes ${this.#right(range)}`);
    }
  }

  #put(value: number | bigint, range: readonly [number, number]): void {
    const { values } = this;
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
      const big = BigInt(value);
      values[this.read] = big;
      if (values[this.read] === big) this.read++;
      else throw this.#wrong(value, `${this.#datatype} takes ${this.#right(range)}`);
    } else if (value >= range[0] && value <= range[1]) {
      values[this.read++] = Number(value);
    } else throw this.#wrong(value, `${this.#datatype} takes ${this.#right(range)}`);
  }

  /** Integer arrays have no missing values: from here on they are doubles. */
  #putMissing(): void {
    if (!(this.values instanceof Float64Array)) this.values = Float64Array.from(this.values as Int32Array, Number);
    this.values[this.read++] = NaN;
  }

  #right([least, most]: readonly [number, number]): string {
    if (this.#datatype === "BOOL") return "true and false";
    return this.#datatype.endsWith("INT64") ? `integers of 64 bits${least === 0 ? " without a sign" : ""}` : `integers from ${least} to ${most}`;
  }

  #wrong(value: unknown, right: string): Error {
    const shown = typeof value === "number" || typeof value === "bigint" ? String(value) : kindOf(value);
    return invalid("serving.bad_value", `${this.#where}: data[${this.read}] is ${shown}; ${right} (null for a missing one).`);
  }
}

class StringReader implements ListReader {
  readonly values: BytesElement[];
  read = 0;
  readonly #where: string;

  constructor(where: string, room: number) {
    this.#where = where;
    this.values = Array.from({ length: room }, () => "");
  }

  take(list: readonly unknown[]): void {
    for (const value of list) {
      if (typeof value === "string") this.values[this.read++] = value;
      else if (value === null) this.values[this.read++] = "";
      else {
        throw invalid(
          "serving.bad_value",
          `${this.#where}: data[${this.read}] is ${kindOf(value)}; BYTES takes strings (null for a missing one).`,
        );
      }
    }
  }
}
