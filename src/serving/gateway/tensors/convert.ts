import { invalid } from "../../../errors.ts";
import type { TensorSpec } from "../runtimes/runtime.ts";
import { cellReader, fedTo, fitsInteger, hasNumericWords } from "./cell-reader.ts";
import { firstMisfit, floatMisfit } from "./float-fit.ts";
import type { Cells } from "./input.ts";
import { bfloat16, shortText } from "./json-text.ts";
import { readLists } from "./read-values.ts";
import { datatypes, product } from "./tensor.ts";
import type { BytesElement, Datatype, Numbers, Tensor, Values } from "./tensor.ts";

/** The elements of an input as a model takes them. */
export interface ReadElements {
  readonly data: Values;
  /** Where there are categories that the model does not know; undefined where there are none. */
  readonly unseen?: readonly number[] | undefined;
}

/** Cells of JSON or delimited text as the elements of a model's input. Fails with `serving.bad_value`, `bad_length` or `bad_shape`, naming the input. */
export function readCells({ shape, value, where, refusal, refusedUnless }: Cells, spec: TensorSpec): ReadElements {
  if (refusal && (!spec.reading || (refusedUnless ?? spec.reading.type) !== spec.reading.type)) throw refusal;
  const lists = readLists(value, product(shape), where, (room) => {
    const reader = cellReader(spec, room, where);
    return {
      reader,
      read: 0,
      take(list: readonly unknown[]) {
        for (let i = 0; i < list.length; i++) reader.put(list[i], this.read++);
      },
    };
  });
  return { data: lists.reader.values, unseen: lists.reader.unseen };
}

/**
 * The elements of a request's tensor as a model's input takes them: by its reading, cell by cell, as if their texts had come. Where the model says
 * nothing, numbers of any datatype become another one's when they fit its range, integers and truth values become texts, and texts numbers. Fails with
 * `serving.bad_datatype` or `serving.bad_value`, which name the tensor.
 */
export function convertValues(tensor: Tensor, spec: TensorSpec): ReadElements {
  const { data, datatype } = tensor;
  const { reading } = spec;
  const wanted = fedTo(spec);
  if (wanted === datatype && datatype === "FP32" && data instanceof Float32Array && !(reading?.type === "number" && reading.missing)) return { data };
  if (Array.isArray(data)) return wanted === "BYTES" && !reading ? { data } : readTyped(tensor, spec);
  if (wanted === "BYTES" ? !reading && !isInteger(datatype) && !allMissing(data) : !reading && (wanted === "BF16") !== (datatype === "BF16")) throw unlike(tensor, wanted);
  if (wanted === "BYTES" || reading?.type === "timestamp" || wanted === "BOOL") return sameKind(data, datatype, wanted) ? { data } : readTyped(tensor, spec);
  if (reading?.type === "number" && (hasNumericWords(reading) || datatype === "BF16")) return readTyped(tensor, spec);
  const { array, integer } = datatypes.get(wanted)!;
  if (data.constructor === array) return { data };
  return { data: integer ? integers(tensor, data, wanted) : floats(tensor, data, wanted, array as FloatConstructor, reading !== undefined) };
}

const isInteger = (datatype: Datatype): boolean => datatypes.get(datatype)!.integer;

/** Truth values for truth values need no look at each. */
const sameKind = (data: Numbers, datatype: Datatype, wanted: Datatype): boolean => wanted === "BOOL" && datatype === "BOOL" && data instanceof Uint8Array;

const allMissing = (data: Numbers): boolean => {
  for (let i = 0; i < data.length; i++) if (!Number.isNaN(data[i])) return false;
  return data.length > 0;
};

function unlike({ name, datatype }: Tensor, wanted: Datatype): Error {
  if (wanted === "BYTES") {
    return invalid("serving.bad_datatype", `inputs "${name}" is a category and came as ${datatype}; send its values as strings with the datatype BYTES (or integers as INT64).`);
  }
  return invalid("serving.bad_datatype", `inputs "${name}" came as ${datatype}; the model takes ${wanted}, and the two are not converted.`);
}

type FloatConstructor = new (length: number) => Float16Array | Float32Array | Float64Array;

/** `rounding`: whether integers may be rounded, as those of training were. */
function floats({ name }: Tensor, data: Numbers, wanted: Datatype, array: FloatConstructor, rounding: boolean): Numbers {
  const misfit = firstMisfit(data, wanted, rounding);
  if (misfit >= 0) throw invalid("serving.bad_value", `inputs "${name}" has ${data[misfit]} at position ${misfit}; ${floatMisfit(data[misfit], wanted, rounding)}.`);
  const target = new array(data.length);
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) target.set(data);
  else for (let i = 0; i < data.length; i++) target[i] = Number(data[i]);
  return target;
}

function integers({ name }: Tensor, data: Numbers, wanted: Datatype): Numbers {
  const target = new (datatypes.get(wanted)!.array!)(data.length);
  const big = target instanceof BigInt64Array || target instanceof BigUint64Array;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!fitsInteger(value, wanted)) {
      throw invalid("serving.bad_value", `inputs "${name}" has ${Number.isNaN(value) ? "a missing value" : value} at position ${i}; the model takes integers there (${wanted}).`);
    }
    if (big) target[i] = BigInt(value);
    else (target as Int32Array)[i] = Number(value);
  }
  return target;
}

/** Element by element, each as the cell that it stands for. */
function readTyped(tensor: Tensor, spec: TensorSpec): ReadElements {
  const { data, datatype, name } = tensor;
  const where = `inputs "${name}"`;
  const reader = cellReader(spec, data.length, where);
  const exact = spec.reading !== undefined && spec.reading.type !== "number";
  // Integers with missing values are doubles.
  const kind = data instanceof Float64Array && datatype !== "BOOL" ? "FP64" : datatype;
  for (let i = 0; i < data.length; i++) reader.put(cellOf(data[i], kind, i, where, exact), i);
  return { data: reader.values, unseen: reader.unseen };
}

/** From here on a float does not hold every integer. */
const exactBelow: Partial<Readonly<Record<Datatype, number>>> = { FP16: 2 ** 11, BF16: 2 ** 8, FP32: 2 ** 24, FP64: 2 ** 53 };

/**
 * The cell that an element stands for. A float is the shortest decimal that reads back as it: 0.1, not 0.10000000149011612. Where the number has to be
 * `exact`, as a category or an instant does, a float that may be another number rounded is refused.
 */
function cellOf(value: BytesElement | number | bigint, datatype: Datatype, at: number, where: string, exact: boolean): unknown {
  if (typeof value === "string" || typeof value === "bigint") return value;
  if (value instanceof Uint8Array) throw invalid("serving.bad_value", `${where} has bytes at position ${at} that are no UTF-8; the model takes text there.`);
  if (datatype === "BOOL") return Number.isNaN(value) ? null : value !== 0;
  const number = datatype === "BF16" ? bfloat16(value) : value;
  const limit = exactBelow[datatype];
  if (limit === undefined || !Number.isFinite(number)) return number;
  if (exact && Math.abs(number) >= limit) {
    throw invalid("serving.bad_value", `${where} has ${number} at position ${at}, which ${datatype} does not tell from its neighbours; send it as a string (BYTES) or as INT64.`);
  }
  return datatype === "FP64" || Number.isInteger(number) ? number : Number(shortText(number, datatype));
}
