import type { Endpoint } from "../../models/deployment.ts";
import { describeReading } from "../../../../values/reading.ts";
import type { Reading } from "../../../../values/reading.ts";
import type { ParamSpec, TensorSpec } from "../../runtimes/runtime.ts";
import { inputsByName, namesOf } from "../../tensors/matrix-columns.ts";
import { datatypes } from "../../tensors/tensor.ts";
import { exampleOf, exampleRow } from "./example.ts";

type Schema = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 of the plain protocol, of the Open Inference Protocol beside it, for these models, each with an example that works. */
export function openApi(endpoints: readonly Endpoint[], version: string): unknown {
  return {
    openapi: "3.1.0",
    info: { title: "Predictions", version, description: "Models served by Millrace, by their signatures." },
    paths: Object.assign({}, ...endpoints.map(pathsOf)) as unknown,
  };
}

function pathsOf({ name, main }: Endpoint): Record<string, unknown> {
  const { model } = main.held;
  const segment = encodeURIComponent(name);
  const row = exampleRow(model);
  const byName = inputsByName(model.inputs);
  const table = model.rowwise || byName !== model.inputs;
  const input = objectOf(byName, table);
  const output = objectOf(model.outputs, model.rowwise);
  const either = (one: Schema): Schema => (table ? { oneOf: [one, { type: "array", items: one, minItems: 1 }] } : one);
  return {
    [`/predict/${segment}`]: {
      post: operation(`predict-${name}`, `Predicts with ${name}: a row, or a list of rows`, either(input), row, either(output), model.params),
    },
    [`/v2/models/${segment}/infer`]: {
      post: operation(`infer-${name}`, `Predicts with ${name}: Open Inference Protocol`, inferRequest(model.inputs), inferExample(model.inputs, exampleOf(model.inputs, model.rowwise)), { type: "object" }),
    },
  };
}

const operation = (operationId: string, summary: string, request: Schema, example: unknown, answer: Schema, params: readonly ParamSpec[] = []): unknown => ({
  operationId,
  summary,
  ...(params.length > 0 && { parameters: params.map(queryParameter) }),
  requestBody: { required: true, content: { "application/json": { schema: request, example } } },
  responses: {
    200: { description: "The predictions", content: { "application/json": { schema: answer } } },
    default: { description: "What was wrong", content: { "application/json": { schema: { type: "object", properties: { error: { type: "string" } } } } } },
  },
});

const paramTypes: Readonly<Record<string, string>> = { boolean: "boolean", integer: "integer", long: "integer", float: "number", double: "number", string: "string", datetime: "string" };

/** A param of the model as a part of the query; a list or an object is JSON there. */
function queryParameter({ name, type, list, default: usual }: ParamSpec): unknown {
  const one: Schema = { type: paramTypes[type] ?? "object", ...(type === "datetime" && { format: "date-time" }) };
  const schema: Schema = { ...(list ? { type: "array", items: one } : one), default: usual };
  const json = list || type === "object";
  return { name, in: "query", required: false, ...(json ? { content: { "application/json": { schema } } } : { schema }) };
}

const objectOf = (specs: readonly TensorSpec[], rowwise: boolean): Schema => ({
  type: "object",
  properties: Object.fromEntries(specs.map((spec) => [spec.name, valueOf(spec, rowwise)])),
  required: specs.filter(({ optional }) => !optional).map(({ name }) => name),
});

/** A value of one row. */
function valueOf({ datatype, shape, reading }: TensorSpec, rowwise: boolean): Schema {
  const row = rowwise ? shape.slice(1) : shape;
  const dimensions = rowwise && row.length === 1 && row[0] === 1 ? [] : row;
  return dimensions.reduceRight<Schema>(
    (items, size) => ({ type: "array", items, ...(size >= 0 && { minItems: size, maxItems: size }) }),
    reading ? { ...scalarOf(datatype), ...cellOf(reading) } : scalarOf(datatype),
  );
}

/** What a model that reads cells takes beside the plain values of a datatype. */
const cellOf = (reading: Reading): Schema => ({ type: reading.type === "category" ? ["string", "number", "boolean", "null"] : ["number", "string", "null"], description: describeReading(reading) });

/** null is a missing value. */
function scalarOf(datatype: TensorSpec["datatype"]): Schema {
  if (datatype === "BYTES") return { type: ["string", "null"] };
  if (datatype === "BOOL") return { type: ["boolean", "null"] };
  const { integer, range } = datatypes.get(datatype)!;
  return integer ? { type: ["integer", "null"], minimum: range[0], maximum: range[1] } : { type: ["number", "null"] };
}

const inferRequest = (specs: readonly TensorSpec[]): Schema => ({
  type: "object",
  required: ["inputs"],
  properties: {
    id: { type: "string", description: "The name under which the prediction is logged" },
    inputs: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "datatype", "shape", "data"],
        properties: {
          name: { enum: namesOf(specs) },
          datatype: { enum: [...datatypes.keys()] },
          shape: { type: "array", items: { type: "integer", minimum: 0 } },
          data: { type: "array" },
        },
      },
    },
  },
});

const inferExample = (specs: readonly TensorSpec[], row: Readonly<Record<string, unknown>>): unknown => ({
  inputs: specs
    .filter(({ optional }) => !optional)
    .map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map((size) => (size >= 0 ? size : 1)), data: [row[name]].flat(32) })),
});
