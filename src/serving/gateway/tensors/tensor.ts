import { invalid } from "../../../errors.ts";

/** The tensor datatypes of the Open Inference Protocol that Millrace speaks. */
export type Datatype =
  "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP32" | "FP64" | "BYTES";

export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** Elements in row-major order; BYTES are strings. */
export type Values = Numbers | string[];

/**
 * A named tensor as a protocol hands it in and gets it back. `data` holds exactly as many elements as `shape` says. A
 * missing value is NaN among numbers (an integer tensor with missing values comes as Float64Array) and "" among
 * strings.
 */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Values;
}

interface DatatypeFacts {
  /** Bytes per element; 0 for BYTES, whose elements carry their length. */
  readonly bytes: number;
  readonly integer: boolean;
  /** The array that holds the elements; strings have none. */
  readonly array: (new (source: ArrayBuffer) => Numbers) | undefined;
  /** Smallest and largest value a number in JSON may have. */
  readonly range: readonly [number, number];
}

const safe = Number.MAX_SAFE_INTEGER;
const unbounded = [-Infinity, Infinity] as const;

export const datatypes: ReadonlyMap<string, DatatypeFacts> = new Map<Datatype, DatatypeFacts>([
  ["BOOL", { bytes: 1, integer: true, array: Uint8Array, range: [0, 1] }],
  ["UINT8", { bytes: 1, integer: true, array: Uint8Array, range: [0, 255] }],
  ["UINT16", { bytes: 2, integer: true, array: Uint16Array, range: [0, 65_535] }],
  ["UINT32", { bytes: 4, integer: true, array: Uint32Array, range: [0, 2 ** 32 - 1] }],
  ["UINT64", { bytes: 8, integer: true, array: BigUint64Array, range: [0, safe] }],
  ["INT8", { bytes: 1, integer: true, array: Int8Array, range: [-128, 127] }],
  ["INT16", { bytes: 2, integer: true, array: Int16Array, range: [-32_768, 32_767] }],
  ["INT32", { bytes: 4, integer: true, array: Int32Array, range: [-(2 ** 31), 2 ** 31 - 1] }],
  ["INT64", { bytes: 8, integer: true, array: BigInt64Array, range: [-safe, safe] }],
  ["FP32", { bytes: 4, integer: false, array: Float32Array, range: unbounded }],
  ["FP64", { bytes: 8, integer: false, array: Float64Array, range: unbounded }],
  ["BYTES", { bytes: 0, integer: false, array: undefined, range: unbounded }],
]);

/** The number of elements of a shape as a client sent it; refuses what is not a list of small non-negative integers. */
export function elementCount(shape: unknown, where: string): number {
  if (!Array.isArray(shape) || shape.length === 0) {
    throw invalid("serving.bad_shape", `${where}: shape must be a list of at least one dimension, such as [1, 1].`);
  }
  let count = 1;
  for (const dimension of shape as unknown[]) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) {
      throw invalid(
        "serving.bad_shape",
        `${where}: shape ${JSON.stringify(shape)} has the dimension ${JSON.stringify(dimension)}; ` +
          `each must be an integer of 0 or more.`,
      );
    }
    count *= dimension as number;
  }
  if (!Number.isSafeInteger(count)) {
    throw invalid(
      "serving.bad_shape",
      `${where}: shape ${JSON.stringify(shape)} has more elements than can be counted.`,
    );
  }
  return count;
}

/** Joins the rows of several arrays of one kind. */
export function concatValues(parts: readonly Values[]): Values {
  const first = parts[0];
  if (parts.length === 1) return first;
  if (Array.isArray(first)) return (parts as string[][]).flat();
  const arrays = parts as Float32Array[]; // all of one kind; the cast only stands for "the same kind as the first"
  const joined = new (first.constructor as Float32ArrayConstructor)(arrays.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of arrays) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A copy of the elements from `start` up to `end`. */
export const sliceValues = (values: Values, start: number, end: number): Values => values.slice(start, end);
