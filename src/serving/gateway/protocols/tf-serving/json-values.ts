import { invalid } from "../../../../errors.ts";
import { jsonNested } from "../../tensors/json-text.ts";
import type { NumberStyle } from "../../tensors/json-text.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import { NumberList } from "../../tensors/number-lists/number-list.ts";
import { readValues, shapeOf } from "../../tensors/read-values.ts";
import { bytesElement, elementBytes, product } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Tensor, Values } from "../../tensors/tensor.ts";

/** Bytes in JSON: an object with `b64` alone (tensorflow_serving/g3doc/api_rest.md, "Encoding binary values"). */
export const isBase64 = (value: unknown): value is { readonly b64: string } =>
  isObject(value) && typeof value["b64"] === "string" && Object.keys(value).length === 1;

/** A tensor of nested lists, or of one value. */
export function jsonTensor(name: string, value: unknown, datatype: Datatype | undefined, what: string): Tensor {
  const where = `${what} "${name}"`;
  const shape = shapeOf(value, where);
  const known = datatype ?? guess(value);
  return { name, datatype: known, shape, data: readElements(value, known, product(shape), where) };
}

/** As `readValues`, with `{"b64": …}` among strings. */
export function readElements(value: unknown, datatype: Datatype, count: number, where: string): Values {
  if (datatype !== "BYTES" || value instanceof NumberList || !hasBase64(value)) return readValues(value, datatype, count, where);
  const elements: BytesElement[] = [];
  for (const element of flat(value)) {
    if (typeof element === "string") elements.push(element);
    else if (element === null) elements.push("");
    else if (isBase64(element)) elements.push(decoded(element.b64, where));
    else throw invalid("serving.bad_value", `${where}: data[${elements.length}] is ${kindOf(element)}; BYTES takes strings and {"b64": …}.`);
  }
  if (elements.length === count) return elements;
  throw invalid("serving.bad_length", `${where}: the lists in data differ in length.`);
}

const hasBase64 = (value: unknown): boolean => (Array.isArray(value) ? value.some(hasBase64) : isObject(value));

const flat = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]).flat(Infinity) : [value]);

function decoded(text: string, where: string): BytesElement {
  if (/^[\w+/-]*={0,2}$/.test(text)) return bytesElement(Buffer.from(text, "base64"));
  throw invalid("serving.bad_value", `${where}: Unable to base64 decode "${text.slice(0, 40)}".`);
}

/** What a value is for a model that does not say what it takes. */
function guess(value: unknown): Datatype {
  const [first = 0] = value instanceof NumberList ? value.values : flat(value);
  if (typeof first === "string" || isObject(first)) return "BYTES";
  return typeof first === "boolean" ? "BOOL" : "FP64";
}

/** Floats always with a point, and the tokens NaN, Infinity and -Infinity (tensorflow_serving/util/json_tensor.cc, WriteDecimal). */
const numberStyle: NumberStyle = { nonFinite: String, point: true };

/** A tensor as nested lists. Bytes are `{"b64": …}` in outputs whose name ends in `_bytes`. */
export function tensorJson(tensor: Tensor): string {
  const { data, name, shape } = tensor;
  if (!Array.isArray(data) || !name.endsWith("_bytes")) return jsonNested(tensor, numberStyle);
  const nest = (axis: number, start: number, length: number): unknown => {
    if (axis === shape.length) return { b64: Buffer.from(elementBytes(data[start])).toString("base64") };
    const step = shape[axis] === 0 ? 0 : length / shape[axis];
    return Array.from({ length: shape[axis] }, (_, i) => nest(axis + 1, start + i * step, step));
  };
  return JSON.stringify(nest(0, 0, data.length));
}

/** A number as `tensorJson` writes it. */
export const scoreJson = (scores: Values, at: number): string =>
  jsonNested({ name: "", datatype: scores instanceof Float64Array ? "FP64" : "FP32", shape: [], data: scores.slice(at, at + 1) }, numberStyle);
