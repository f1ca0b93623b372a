import { describeError, invalid, MillraceError } from "../../../../errors.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { isObject } from "../../tensors/json-kind.ts";
import { inputsByName, namesOf } from "../../tensors/matrix-columns.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { bytesElement, datatypes, product } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { fromBinary } from "../open-inference/binary-tensors.ts";
import { readRows } from "../predict/read-rows.ts";
import type { ReadRows } from "../predict/read-rows.ts";
import { looksLikeJson } from "./payload.ts";
import type { Part } from "./payload.ts";
import { bodyText } from "../../tensors/body-text.ts";

/** The fields in which TorchServe's handlers look for the whole input. */
export const wholeNames = new Set(["data", "body"]);
/** Types that say nothing of what the bytes are: curl gives them to every file. */
const anyType = new Set(["", "application/octet-stream"]);

const imageStarts = ["ffd8ff", "89504e47", "47494638", "424d"];
const beginsAsImage = (bytes: Buffer): boolean => imageStarts.some((start) => bytes.toString("hex", 0, 4).startsWith(start));

/**
 * The tensors of a model in what a client of TorchServe sends. There, Python of the model's archive (its handler) makes tensors of
 * bytes; here the rule is: JSON as `/predict` takes it, or the values of a model's only input; the bytes of one text or binary input
 * (BYTES), or of numbers as they lie in memory (little-endian); a form with a field per input. Images are not decoded.
 */
export function readPayload(parts: readonly Part[], model: Model): ReadRows {
  const named = (name: string) => namesOf(model.inputs).includes(name);
  const [first] = parts;
  if (parts.length === 1 && (first.name === undefined || (wholeNames.has(first.name) && !named(first.name)))) return whole(first, model);
  const repeated = parts.find((part, index) => parts.findIndex(({ name }) => name === part.name) !== index);
  if (repeated) throw invalid("serving.bad_form", `The form has "${repeated.name}" more than once; send rows as JSON, or one request each.`);
  const cells: [name: string, value: unknown][] = [];
  const tensors: Tensor[] = [];
  for (const part of parts) {
    const spec = specOf(part.name!, model);
    const isText = part.type === "text/plain" || looksLikeJson(part.bytes);
    if (part.type === "application/json") cells.push([part.name!, json(part.bytes, part.name!)]);
    else if (!spec) cells.push([part.name!, part.bytes.toString()]); // what becomes of it is not decided here
    else if (spec.datatype !== "BYTES" && isText) cells.push([spec.name, textCell(part, spec, model)]);
    else tensors.push(raw(part, spec, model));
  }
  const plain = cells.length > 0 ? readRows(Object.fromEntries(cells), model).inputs : [];
  return { form: "row", inputs: [...plain, ...tensors] };
}

function whole(part: Part, model: Model): ReadRows {
  const { type, bytes } = part;
  if (type === "application/json" || type.endsWith("+json")) return fromJson(parseJson(bodyText(bytes)), model);
  const [only, ...others] = model.inputs;
  const takesBytes = others.length === 0 && only?.datatype === "BYTES";
  if (!takesBytes && (anyType.has(type) || type === "text/plain") && looksLikeJson(bytes)) {
    const found = jsonIn(bytes);
    if (found) return fromJson(found.value, model);
  }
  if (!only || others.length > 0) {
    throw invalid("serving.bad_request", `The model has ${model.inputs.length} inputs (${listed(model)}); send JSON {input: value}, or a form with a field for each.`);
  }
  if (!takesBytes && !anyType.has(type) && !type.startsWith("image/")) {
    throw new MillraceError("serving.bad_content_type", 415, `The content type ${type} is not taken for "${only.name}" of ${only.datatype}; send application/json, or its raw bytes as application/octet-stream.`);
  }
  return { form: "row", inputs: [raw(part, only, model)] };
}

/** The value of a JSON text; undefined where it is none. */
function jsonIn(bytes: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: parseJson(bodyText(bytes)) };
  } catch {
    return undefined;
  }
}

/** As `/predict` takes it; `{"data": …}` is what it holds, and a list of values those of the model's only input. */
function fromJson(value: unknown, model: Model): ReadRows {
  const [only, ...others] = model.inputs;
  const single = only && others.length === 0 ? only : undefined;
  if (isObject(value)) {
    const [[name, inner] = [""], ...more] = Object.entries(value);
    if (more.length === 0 && wholeNames.has(name) && !namesOf(model.inputs).includes(name)) return fromJson(inner, model);
    return readRows(value, model);
  }
  const rows = Array.isArray(value) && isObject(value[0]);
  return single && !rows ? readRows({ [single.name]: value }, model) : readRows(value, model);
}

function json(bytes: Buffer, name: string): unknown {
  const text = bodyText(bytes);
  if (text.trim() === "") return null;
  try {
    return parseJson(text);
  } catch (error) {
    throw invalid("serving.bad_value", `"${name}" is no JSON: ${describeError(error)}`);
  }
}

/** The text of a field for an input of numbers: a cell, or of an input of several values their lists in JSON. */
function textCell({ bytes }: Part, { name, shape }: TensorSpec, { rowwise }: Model): unknown {
  const several = (rowwise ? shape.slice(1) : shape).some((size) => size !== 1);
  return several || looksLikeJson(bytes) ? json(bytes, name) : bodyText(bytes);
}

/** The input of a field; browsers write quotes and line ends in the name of a field as `%22`, `%0D` and `%0A` (HTML, multipart/form-data encoding algorithm). */
function specOf(field: string, { inputs }: Model): TensorSpec | undefined {
  const specs = [...inputs, ...inputsByName(inputs)];
  return specs.find(({ name }) => name === field) ?? specs.find(({ name }) => name === field.replace(/%(22|0D|0A)/g, decodeURIComponent));
}

/** The bytes of one input: an element of BYTES, or numbers whose count follows from their length. */
function raw(part: Part, { name, datatype, shape: wanted }: TensorSpec, { rowwise }: Model): Tensor {
  const shape = rowwise ? [1, ...wanted.slice(1)] : [...wanted];
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = 1;
  if (shape.includes(-1)) throw invalid("serving.bad_shape", `Raw bytes do not say the shape of "${name}", which has several open dimensions (${JSON.stringify(wanted)}); send JSON.`);
  if (datatype === "BYTES") {
    if (product(shape) === 1) return { name, datatype, shape, data: [bytesElement(part.bytes)] };
    throw invalid("serving.bad_shape", `"${name}" takes ${product(shape)} texts, not the bytes of one; send JSON.`);
  }
  const size = datatypes.get(datatype)!.bytes;
  const row = product(shape);
  // Numbers may begin with any bytes: what fits is no image.
  if (part.type.startsWith("image/") || (part.bytes.length % (size * row) !== 0 && beginsAsImage(part.bytes))) {
    throw new MillraceError("serving.bad_content_type", 415, `Images are not decoded here: send the tensor "${name}" (${datatype} ${JSON.stringify(wanted)}) as JSON or as raw bytes, or serve a model that takes the image's bytes (BYTES).`);
  }
  const count = Math.floor(part.bytes.length / size);
  if (open >= 0) shape[open] = Math.max(1, Math.floor(count / row));
  else if (rowwise && count > row && count % row === 0) shape[0] = count / row;
  return { name, datatype, shape, data: fromBinary(part.bytes, datatype, product(shape), `"${name}"`, "the body has") };
}

const listed = ({ inputs }: Model): string => inputs.map(({ name }) => `"${name}"`).join(", ");
