import { isUtf8 } from "node:buffer";
import { invalid } from "../../../errors.ts";
import { shown } from "./shown.ts";

/** The tensor datatypes of the Open Inference Protocol. */
export type Datatype =
  | "BOOL"
  | "UINT8"
  | "UINT16"
  | "UINT32"
  | "UINT64"
  | "INT8"
  | "INT16"
  | "INT32"
  | "INT64"
  | "FP16"
  | "BF16"
  | "FP32"
  | "FP64"
  | "BYTES";

export type Numbers =
  | Float16Array
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

/** An element of a BYTES tensor: a string where the bytes are UTF-8, the bytes themselves where they are not. */
export type BytesElement = string | Uint8Array;

/** Elements in row-major order. */
export type Values = Numbers | BytesElement[];

/**
 * A named tensor as a protocol hands it in and gets it back. `data` holds exactly as many elements as `shape` says, in
 * the array of the datatype (BF16 as the 16 bits of each element in a Uint16Array, BOOL as 0 and 1). A missing value is
 * NaN among numbers (an integer tensor with missing values comes as Float64Array) and "" among BYTES.
 */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Values;
  /** The client did not send it: it is the time of the request. */
  readonly filled?: true;
}

interface NumbersConstructor {
  new (length: number): Numbers;
  new (source: ArrayBufferLike, offset?: number, length?: number): Numbers;
  readonly BYTES_PER_ELEMENT: number;
}

interface DatatypeFacts {
  /** Bytes per element; 0 for BYTES, whose elements carry their length. */
  readonly bytes: number;
  readonly integer: boolean;
  /** The array that holds the elements; BYTES have none. */
  readonly array: NumbersConstructor | undefined;
  /** Smallest and largest value a number may have. */
  readonly range: readonly [number, number];
}

const unbounded = [-Infinity, Infinity] as const;

export const datatypes: ReadonlyMap<string, DatatypeFacts> = new Map<Datatype, DatatypeFacts>([
  ["BOOL", { bytes: 1, integer: true, array: Uint8Array, range: [0, 1] }],
  ["UINT8", { bytes: 1, integer: true, array: Uint8Array, range: [0, 255] }],
  ["UINT16", { bytes: 2, integer: true, array: Uint16Array, range: [0, 65_535] }],
  ["UINT32", { bytes: 4, integer: true, array: Uint32Array, range: [0, 2 ** 32 - 1] }],
  ["UINT64", { bytes: 8, integer: true, array: BigUint64Array, range: [0, 2 ** 64] }],
  ["INT8", { bytes: 1, integer: true, array: Int8Array, range: [-128, 127] }],
  ["INT16", { bytes: 2, integer: true, array: Int16Array, range: [-32_768, 32_767] }],
  ["INT32", { bytes: 4, integer: true, array: Int32Array, range: [-(2 ** 31), 2 ** 31 - 1] }],
  ["INT64", { bytes: 8, integer: true, array: BigInt64Array, range: [-(2 ** 63), 2 ** 63] }],
  ["FP16", { bytes: 2, integer: false, array: Float16Array, range: unbounded }],
  ["BF16", { bytes: 2, integer: false, array: Uint16Array, range: unbounded }],
  ["FP32", { bytes: 4, integer: false, array: Float32Array, range: unbounded }],
  ["FP64", { bytes: 8, integer: false, array: Float64Array, range: unbounded }],
  ["BYTES", { bytes: 0, integer: false, array: undefined, range: unbounded }],
]);

const mostDimensions = 32;

/** The number of elements of a shape as a client sent it; refuses what is not a list of small non-negative integers. */
export function elementCount(shape: unknown, where: string): number {
  if (!Array.isArray(shape)) {
    throw invalid("serving.bad_shape", `${where}: shape must be a list of dimensions, such as [1, 1].`);
  }
  if (shape.length > mostDimensions) {
    throw invalid("serving.bad_shape", `${where}: shape has ${shape.length} dimensions; ${mostDimensions} are taken at most.`);
  }
  let count = 1;
  for (const dimension of shape as unknown[]) {
    if (!Number.isSafeInteger(dimension) || (dimension as number) < 0) {
      throw invalid(
        "serving.bad_shape",
        `${where}: shape [${shape.map(shown).join(",")}] has the dimension ${shown(dimension)}; ` +
          `each must be an integer of 0 or more.`,
      );
    }
    count *= dimension as number;
  }
  if (!Number.isSafeInteger(count)) {
    throw invalid(
      "serving.bad_shape",
      `${where}: shape [${shape.join(",")}] has more elements than can be counted.`,
    );
  }
  return count;
}

/** Elements of a shape whose dimensions are known; 1 for a scalar. */
export const product = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1);

/** Joins several arrays of one datatype, one after the other. */
export function concatValues(parts: readonly Values[]): Values {
  const first = parts[0];
  if (parts.length === 1) return first;
  if (Array.isArray(first)) return (parts as BytesElement[][]).flat();
  // All of one kind, but for integers with missing values, which come as Float64Array and then make all of them so.
  const constructor = parts.some((part) => part.constructor !== first.constructor) ? Float64Array : first.constructor;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const kind = constructor as Float32ArrayConstructor;
  // Memory that is not zeroed first: all of it is written.
  const joined = new kind(Buffer.allocUnsafeSlow(length * kind.BYTES_PER_ELEMENT).buffer, 0, length);
  let at = 0;
  for (const part of parts) {
    const numbers = constructor === Float64Array && typeof part[0] === "bigint" ? Array.from(part, Number) : part;
    joined.set(numbers as Float32Array, at);
    at += part.length;
  }
  return joined;
}

/** A copy of the elements from `start` up to `end`. */
export const sliceValues = (values: Values, start: number, end: number): Values => values.slice(start, end);

/** Bytes as an element of a BYTES tensor: text where they are UTF-8. */
export const bytesElement = (bytes: Buffer): BytesElement => (isUtf8(bytes) ? bytes.toString("utf8") : bytes);

/** The bytes of an element. */
export const elementBytes = (element: BytesElement): Uint8Array =>
  typeof element === "string" ? Buffer.from(element) : element;
