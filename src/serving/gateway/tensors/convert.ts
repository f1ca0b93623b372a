import { invalid } from "../../../errors.ts";
import { datatypes } from "./tensor.ts";
import type { BytesElement, Datatype, Numbers, Tensor, Values } from "./tensor.ts";

/**
 * The elements of a request's tensor as another datatype, where that loses nothing but the precision of floats: numbers
 * of any datatype become another one's when they fit its range, integers become strings. Fails with
 * `serving.bad_datatype` or `serving.bad_value`, which name the tensor.
 */
export function convertValues(tensor: Tensor, wanted: Datatype): Values {
  const { data, datatype } = tensor;
  if (wanted === "BYTES") return Array.isArray(data) ? data : categories(tensor, data);
  const { array, integer } = datatypes.get(wanted)!;
  if (data.constructor === array && (datatype === wanted || !(wanted === "BF16" || datatype === "BF16" || wanted === "BOOL"))) return data;
  if (Array.isArray(data)) {
    throw invalid(
      "serving.bad_datatype",
      `inputs "${tensor.name}" is a number and came as BYTES; send its values as numbers with the datatype ${wanted}.`,
    );
  }
  if (wanted === "BF16" || datatype === "BF16") {
    throw invalid("serving.bad_datatype", `inputs "${tensor.name}" came as ${datatype}; the model takes ${wanted}, and the two are not converted.`);
  }
  return integer ? integers(tensor, data, wanted) : floats(data, array as FloatConstructor);
}

type FloatConstructor = new (length: number) => Float16Array | Float32Array | Float64Array;

function floats(data: Numbers, array: FloatConstructor): Numbers {
  const target = new array(data.length);
  for (let i = 0; i < data.length; i++) target[i] = Number(data[i]);
  return target;
}

function integers({ name }: Tensor, data: Numbers, wanted: Datatype): Numbers {
  const { array, range } = datatypes.get(wanted)!;
  const target = new array!(data.length);
  const big = target instanceof BigInt64Array || target instanceof BigUint64Array;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    const whole = typeof value === "bigint" ? fitsBig(value, wanted) : Number.isInteger(value) && fits(value, range, big);
    if (!whole) {
      throw invalid(
        "serving.bad_value",
        `inputs "${name}" has ${Number.isNaN(value) ? "a missing value" : value} at position ${i}; the model takes integers there (${wanted}).`,
      );
    }
    if (big) target[i] = BigInt(value);
    else (target as Int32Array)[i] = Number(value);
  }
  return target;
}

const fits = (value: number, [least, most]: readonly [number, number], big: boolean): boolean =>
  value >= least && (big ? value < most : value <= most);

function fitsBig(value: bigint, wanted: Datatype): boolean {
  if (wanted === "INT64") return BigInt.asIntN(64, value) === value;
  if (wanted === "UINT64") return BigInt.asUintN(64, value) === value;
  const [least, most] = datatypes.get(wanted)!.range;
  return value >= BigInt(least) && value <= BigInt(most);
}

function categories({ name, datatype }: Tensor, data: Numbers): BytesElement[] {
  if (!datatypes.get(datatype)!.integer) {
    throw invalid(
      "serving.bad_datatype",
      `inputs "${name}" is a category and came as ${datatype}; send its values as strings with the datatype BYTES (or integers as INT64).`,
    );
  }
  return Array.from(data as Float64Array, (value) => (Number.isNaN(value) ? "" : String(value)));
}
