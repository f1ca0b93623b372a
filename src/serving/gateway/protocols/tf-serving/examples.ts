import { invalid } from "../../../../errors.ts";
import { noRowsOf } from "../../no-rows.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { float32Text } from "../../tensors/json-text.ts";
import { product } from "../../tensors/tensor.ts";
import type { Input } from "../../tensors/input.ts";
import { isBase64, jsonInput } from "./json-values.ts";
import { malformed } from "./predict-json.ts";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

/** An example: the values of its features by name; bytes as `{"b64": …}` where they are no text, floats of 32 bits as such where they came so. */
export type Example = Readonly<Record<string, readonly unknown[] | Float32Array>>;

/** Values of a request's examples with what they lack: a feature in one of many examples, or in their context, stands for as many values as there are examples. */
const mostValues = 2 ** 24;

const tooMany = () => invalid("serving.bad_request", `The examples have more than ${mostValues} values with those that they lack or have from their context; send fewer at a time.`);

/** Reads `{examples: [{feature: value or list}], context?: {…}}`; what the context says holds for every example that does not say it itself. */
export function readExamples(body: JsonObject): readonly Example[] {
  const { context, examples } = body;
  if (examples === undefined) throw malformed(body, "When method is classify, key 'examples' is expected and was not found");
  if (!Array.isArray(examples)) throw malformed(body, "Expecting 'examples' value to be an list/array");
  return withContext(context === undefined ? undefined : readExample(context), examples.map(readExample));
}

/** Examples with the features of their context where they do not say them themselves. */
export function withContext(context: Example | undefined, examples: readonly Example[]): readonly Example[] {
  if (!context) return examples;
  if (Object.keys(context).length * examples.length > mostValues) throw tooMany();
  return examples.map((example) => ({ ...context, ...example }));
}

function readExample(value: unknown): Example {
  if (!isObject(value)) throw invalid("serving.bad_request", `Example must be JSON object but got JSON ${jsonType(value)}`);
  return Object.fromEntries(Object.entries(value).map(([name, feature]) => [name, Array.isArray(feature) ? feature : [feature]]));
}

/** A value's type in the words of RapidJSON. */
const jsonType = (value: unknown): string => {
  if (value === null) return "Null";
  if (typeof value === "boolean") return value ? "True" : "False";
  return Array.isArray(value) ? "Array" : typeof value === "string" ? "String" : "Number";
};

/** Examples as the inputs of a model: one row each. Features that an example lacks are missing values. */
export function exampleTensors(examples: readonly Example[], model: Model, specs: ReadonlyMap<string, TensorSpec>): Input[] {
  if (examples.length === 0) return noRowsOf(model);
  const names = new Set(examples.flatMap((example) => Object.keys(example)));
  let total = 0;
  return [...names].map((name) => {
    const width = examples.find((example) => Object.hasOwn(example, name))![name].length;
    total += examples.length * Math.max(1, width);
    if (total > mostValues) throw tooMany();
    return column(name, width, examples, specs.get(name), model);
  });
}

function column(name: string, width: number, examples: readonly Example[], spec: TensorSpec | undefined, model: Model): Input {
  const values: unknown[] = [];
  const short = examples.every((example) => !Object.hasOwn(example, name) || example[name] instanceof Float32Array);
  for (const [index, example] of examples.entries()) {
    const feature = Object.hasOwn(example, name) ? example[name] : Array.from({ length: width }, () => null);
    if (feature.length !== width) {
      throw invalid("serving.bad_request", `Feature: ${name} has ${feature.length} values in example ${index} and ${width} in another; it must have as many in each.`);
    }
    for (const value of feature) {
      if (Array.isArray(value) || (isObject(value) && !isBase64(value))) {
        throw invalid("serving.bad_request", `Feature: ${name} has element with unexpected JSON type: ${Array.isArray(value) ? "Array" : "Object"}`);
      }
      values.push(feature instanceof Float32Array && !short ? Number(float32Text(value as number)) : value);
    }
  }
  const shape = spec ? [examples.length, ...rowShape(spec, width)] : model.rowwise || width !== 1 ? [examples.length, width] : [examples.length];
  if (short) return { name, datatype: "FP32", shape, data: Float32Array.from(values, (value) => (value === null ? NaN : (value as number))) };
  return jsonInput(name, values, spec, "feature", shape);
}

/** The dimensions of a row of `width` values; an open one is what is left. */
function rowShape({ name, shape }: TensorSpec, width: number): readonly number[] {
  const tail = shape.slice(1);
  const fixed = product(tail.filter((size) => size >= 0));
  const open = tail.filter((size) => size < 0).length;
  if (open === 0 && width === fixed) return tail;
  if (open === 1 && width % fixed === 0) return tail.map((size) => (size < 0 ? width / fixed : size));
  throw invalid("serving.bad_shape", `Feature: ${name} has ${width} values; the model takes [${tail.join(", ")}] for each example.`);
}
