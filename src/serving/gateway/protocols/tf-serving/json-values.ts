import { invalid } from "../../../../errors.ts";
import { jsonNested, looseJson } from "../../tensors/json-text.ts";
import type { NumberStyle } from "../../tensors/json-text.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import { NumberList } from "../../tensors/number-lists/number-list.ts";
import { inputOf } from "../../tensors/input.ts";
import type { Input } from "../../tensors/input.ts";
import type { TensorSpec } from "../../runtimes/runtime.ts";
import { deepest, shapeOf } from "../../tensors/read-values.ts";
import { bytesElement, elementBytes, product } from "../../tensors/tensor.ts";
import type { BytesElement, Tensor, Values } from "../../tensors/tensor.ts";

/** Bytes in JSON: an object with `b64` alone (tensorflow_serving/g3doc/api_rest.md, "Encoding binary values"). */
export const isBase64 = (value: unknown): value is { readonly b64: string } =>
  isObject(value) && typeof value["b64"] === "string" && Object.keys(value).length === 1;

/** An input of nested lists, or of one value; `{"b64": …}` among its elements are bytes. */
export function jsonInput(name: string, value: unknown, spec: TensorSpec | undefined, what: string, shape?: readonly number[]): Input {
  const where = `${what} "${name}"`;
  if (value instanceof NumberList || (spec && spec.datatype !== "BYTES") || !hasBase64(value)) return inputOf(name, value, spec, where, shape);
  const known = shape ?? shapeOf(value, where);
  return { name, datatype: "BYTES", shape: known, data: bytesOf(value, product(known), where) };
}

function bytesOf(value: unknown, count: number, where: string): BytesElement[] {
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

const hasBase64 = (value: unknown, depth = 0): boolean => (Array.isArray(value) ? depth <= deepest && value.some((inner) => hasBase64(inner, depth + 1)) : isObject(value));

const flat = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]).flat(Infinity) : [value]);

function decoded(text: string, where: string): BytesElement {
  if (/^[\w+/-]*={0,2}$/.test(text)) return bytesElement(Buffer.from(text, "base64"));
  throw invalid("serving.bad_value", `${where}: Unable to base64 decode "${text.slice(0, 40)}".`);
}

/** A tensor as nested lists. Bytes are `{"b64": …}` in outputs whose name ends in `_bytes`. */
export function tensorJson(tensor: Tensor, style: NumberStyle): string {
  const { data, name, shape } = tensor;
  if (!Array.isArray(data) || !name.endsWith("_bytes")) return jsonNested(tensor, style);
  const nest = (axis: number, start: number, length: number): unknown => {
    if (axis === shape.length) return { b64: Buffer.from(elementBytes(data[start])).toString("base64") };
    const step = shape[axis] === 0 ? 0 : length / shape[axis];
    return Array.from({ length: shape[axis] }, (_, i) => nest(axis + 1, start + i * step, step));
  };
  return JSON.stringify(nest(0, 0, data.length));
}

/** A number as TensorFlow Serving writes it. */
export const scoreJson = (scores: Values, at: number): string =>
  jsonNested({ name: "", datatype: scores instanceof Float64Array ? "FP64" : "FP32", shape: [], data: scores.slice(at, at + 1) }, looseJson);
