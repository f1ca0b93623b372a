import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { grpcClient } from "../fixtures/grpc-client.ts";
import type { Message } from "../fixtures/grpc-client.ts";
import { at, makeFolder, putModel, startOwn } from "../fixtures/own-gateway.ts";
import { inferenceProto } from "../grpc/open-inference/infer-proto.ts";
import { servingProtos } from "../grpc/tf-serving/serving-proto.ts";

/*
 * digits.onnx is one matrix, float_input [N, 4]; it answers 1000 a + 100 b + 10 c + d, by hand. Only the signature beside it knows a, b, c and d.
 */

const columnsOf = (types: Readonly<Record<string, string>>): string => JSON.stringify(Object.entries(types).map(([name, type]) => ({ type, name, required: true })));

/** As `mlflow.onnx.log_model` of MLflow 3.17 writes it. */
const mlModel = (inputs: string): string => `flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_version: 1.23.2
  python_function:
    data: model.onnx
    loader_module: mlflow.onnx
mlflow_version: 3.17.2
signature:
  inputs: '${inputs}'
  outputs: null
  params: null
`;

const abcd = columnsOf({ a: "double", b: "long", c: "float", d: "boolean" });

async function start(inputs = abcd, more: { readonly rowwise?: boolean } = {}) {
  const folder = await makeFolder();
  await putModel("digits", join(folder, "model.onnx"));
  await writeFile(join(folder, "MLmodel"), mlModel(inputs));
  const gateway = await startOwn(folder, { digits: at(join(folder, "model.onnx"), more.rowwise === undefined ? {} : { options: { rowwise: more.rowwise } }) }, { grpcPort: 0, vertexRoutes: { predict: "/vertex:predict", health: "/vertex" } });
  const ask = async (path: string, body: unknown, type = "application/json") => {
    const answer = await fetch(gateway.url + path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body), headers: { "content-type": type } });
    return { status: answer.status, text: await answer.text(), ignored: answer.headers.get("x-ignored-inputs") };
  };
  return { gateway, ask };
}

const tensors = (columns: Readonly<Record<string, unknown[]>>) => ({ inputs: Object.entries(columns).map(([name, data]) => ({ name, datatype: "FP32", shape: [data.length], data })) });

const rows = { d: [1, 0], c: [3, 7], a: [1, 5], b: [2, 6] };
const records = [{ d: true, c: 3, a: 1, b: 2 }, { b: 6, a: 5, c: 7, d: false }];
const split = { columns: ["d", "c", "a", "b"], data: [[true, 3, 1, 2], [false, 7, 5, 6]] };
const csv = "d,b,c,a\ntrue,2,3,1\nfalse,6,7,5\n";

/** All the numbers of a text that are answers of the model. */
const answersIn = (text: string): number[] => [...text.replace(/"id":"[^"]*"/, "").matchAll(/\b\d{3,}(?:\.\d+)?\b/g)].map(([number]) => Number(number));

describe("rows by the names of a matrix's columns, in another order than its own", () => {
  test.each<[what: string, path: string, body: unknown, type?: string]>([
    ["/predict: rows", "/predict/digits", records],
    ["/predict: columns", "/predict/digits", rows],
    ["/invocations: split", "/invocations", { dataframe_split: split }],
    ["/invocations: records", "/invocations", { dataframe_records: records }],
    ["/invocations: instances", "/invocations", { instances: records }],
    ["/invocations: inputs", "/invocations", { inputs: rows }],
    ["/invocations: CSV", "/invocations", csv, "text/csv"],
    ["V1 and TensorFlow Serving: instances", "/v1/models/digits:predict", { instances: records }],
    ["TensorFlow Serving: inputs", "/v1/models/digits:predict", { inputs: rows }],
    ["TensorFlow Serving: examples", "/v1/models/digits:regress", { examples: records }],
    ["OIP", "/v2/models/digits/infer", tensors(rows)],
    ["TorchServe", "/predictions/digits", records],
    ["Azure ML", "/score", { input_data: split }],
    ["Azure ML: rows", "/score", records],
    ["Vertex AI", "/vertex:predict", { instances: records }],
    ["SageMaker: CSV", "/invocations", csv, "text/csv; charset=utf-8"],
  ])("%s", async (_, path, body, type) => {
    for (const rowwise of [undefined, false]) {
      const { ask } = await start(abcd, { rowwise });
      if (rowwise === false && path.endsWith(":regress")) continue; // TensorFlow's examples are rows
      const { status, text } = await ask(path, body, type);
      expect({ status, answers: answersIn(text), text }).toEqual({ status: 200, answers: [1231, 5670], text });
    }
  });

  test("by the matrix itself, as before", async () => {
    const { ask } = await start();
    const matrix = [[1, 2, 3, 4], [5, 6, 7, 8]];
    for (const [path, body] of [
      ["/predict/digits", { float_input: matrix }],
      ["/invocations", { inputs: matrix }],
      ["/invocations", { instances: matrix }],
      ["/invocations", { dataframe_split: { data: matrix } }],
      ["/invocations", { dataframe_split: { columns: [0, 1, 2, 3], data: matrix } }],
      ["/v1/models/digits:predict", { instances: matrix }],
      ["/v1/models/digits:predict", { instances: matrix.map((float_input) => ({ float_input })) }],
      ["/v2/models/digits/infer", { inputs: [{ name: "float_input", datatype: "FP32", shape: [2, 4], data: matrix.flat() }] }],
      ["/predictions/digits", matrix],
      ["/score", { input_data: matrix }],
      ["/vertex:predict", { instances: matrix }],
    ] as const) {
      const { status, text } = await ask(path, body);
      expect({ path, status, answers: answersIn(text), text }).toEqual({ path, status: 200, answers: [1234, 5678], text });
    }
    const metadata = await (await fetch(`${(await start()).gateway.url}/v2/models/digits`)).text();
    expect(JSON.parse(metadata)).toMatchObject({ inputs: [{ name: "float_input", datatype: "FP32", shape: [-1, 4] }] });
  });

  test("binary tensors of OIP, and both gRPC services", async () => {
    const { gateway, ask } = await start();
    const head = JSON.stringify({ inputs: ["d", "c", "b", "a"].map((name) => ({ name, datatype: "INT32", shape: [2, 1], parameters: { binary_data_size: 8 } })) });
    const raw = Buffer.concat([Buffer.from(head), ...[[1, 0], [3, 7], [2, 6], [1, 5]].map((values) => Buffer.from(Int32Array.from(values).buffer))]);
    const answer = await fetch(`${gateway.url}/v2/models/digits/infer`, { method: "POST", body: raw, headers: { "inference-header-content-length": String(head.length) } });
    expect(answersIn(await answer.text())).toEqual([1231, 5670]);
    const port = gateway.address.grpcPort!;
    const oip = grpcClient(port, inferenceProto, "inference.GRPCInferenceService");
    const inputs = Object.entries(rows).map(([name, data]) => ({ name, datatype: "FP32", shape: [2, 1], contents: { fp32_contents: data } }));
    expect(await oip.ask("ModelInfer", { model_name: "digits", inputs })).toMatchObject({ outputs: [{ name: "variable", contents: { fp32_contents: [1231, 5670] } }] });
    const tensorflow = grpcClient(port, servingProtos, "tensorflow.serving.PredictionService");
    const model_spec = { name: "digits" };
    const floats = (values: readonly number[]): Message => ({ dtype: 1, tensor_shape: { dim: [{ size: values.length }] }, float_val: values });
    const asked = Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, floats(values)]));
    expect(await tensorflow.ask("Predict", { model_spec, inputs: asked })).toMatchObject({ outputs: { variable: { float_val: [1231, 5670] } } });
    const { b: _, ...incomplete } = asked;
    await expect(tensorflow.ask("Predict", { model_spec, inputs: incomplete })).rejects.toThrow("Missing but required: {b}");
    const examples = records.map((record) => ({ features: { feature: Object.fromEntries(Object.entries(record).map(([name, value]) => [name, { float_list: { value: [Number(value)] } }])) } }));
    expect(await tensorflow.ask("Regress", { model_spec, input: { example_list: { examples } } })).toMatchObject({ result: { regressions: [{ value: 1231 }, { value: 5670 }] } });
    expect((await ask("/predict/digits", records)).status).toBe(200);
  });
});

describe("what does not fit is said, or left out and told", () => {
  const one = { a: 1, b: 2, c: 3, d: true };

  test("a column more is left out in every form", async () => {
    const { ask } = await start();
    for (const [path, body] of [
      ["/predict/digits", { id: 9, ...one }],
      ["/invocations", { dataframe_split: { columns: ["id", "a", "b", "c", "d"], data: [[9, 1, 2, 3, true]] } }],
      ["/v1/models/digits:predict", { instances: [{ id: 9, ...one }] }],
      ["/v2/models/digits/infer", tensors({ id: [9], a: [1], b: [2], c: [3], d: [1] })],
      ["/predictions/digits", { id: 9, ...one }],
    ] as const) {
      const { status, text, ignored } = await ask(path, body);
      expect({ path, status, answers: answersIn(text), ignored }).toEqual({ path, status: 200, answers: [1231], ignored: "id" });
    }
  });

  test.each<[what: string, path: string, body: unknown, sentence: RegExp]>([
    ["a column that is missing", "/predict/digits", { a: 1, c: 3 }, /inputs "b", "d" are missing; .*or all columns in their order as "float_input"/],
    ["all of them", "/v2/models/digits/infer", tensors({ input: [1] }), /"a", "b", "c", "d" are missing.*does not know "input"/],
    ["one that TensorFlow misses", "/v1/models/digits:predict", { instances: [{ a: 1, b: 2, c: 3 }] }, /keys must be equal to: a,b,c,d \(missing: d\)/],
    ["a text for a number", "/predict/digits", { ...one, b: "many" }, /"b": data\[0\] is "many"; it takes numbers/],
    ["a number for a truth value", "/predict/digits", { ...one, d: 7 }, /"d": data\[0\] is 7; it takes true and false/],
    ["a missing truth value", "/predict/digits", { ...one, d: null }, /"d": data\[0\] is null/],
    ["columns of different lengths", "/predict/digits", { a: [1, 2], b: [1], c: [1, 2], d: [true, true] }, /as many/],
    ["names and the matrix", "/v2/models/digits/infer", { inputs: [{ name: "float_input", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] }, ...tensors({ a: [1] }).inputs] }, /came twice, as the matrix "float_input" and by the name of its column "a"/],
    ["too few in the matrix", "/v1/models/digits:predict", { instances: [[1, 2, 3]] }, /shape \[1,3\]; it must be \[N, 4\]/],
  ])("%s", async (_, path, body, sentence) => {
    const { ask } = await start();
    const { status, text } = await ask(path, body);
    expect([status, (JSON.parse(text) as { error: string }).error]).toEqual([400, expect.stringMatching(sentence)]);
  });

  test("missing numbers, numbers as texts and thousands of rows", async () => {
    const { ask } = await start();
    expect(JSON.parse((await ask("/predict/digits", { a: null, b: 2, c: 3, d: true })).text)).toEqual({ variable: null });
    expect(answersIn((await ask("/predict/digits", { a: "1", b: " 2 ", c: "3.0", d: "yes" })).text)).toEqual([1231]);
    const many = Array.from({ length: 3000 }, (_, row) => ({ d: true, c: 0, b: 0, a: row + 1 }));
    expect(answersIn((await ask("/predict/digits", many)).text)).toEqual(many.map(({ a }) => a * 1000 + 1));
  });

  test.each<[what: string, inputs: string, said: RegExp]>([
    ["more columns than the matrix has", columnsOf({ a: "double", b: "double", c: "double", d: "double", e: "double" }), /names 5 columns.*"float_input", has the shape \[-1, 4\]/],
    ["texts for a matrix of numbers", columnsOf({ a: "double", b: "string", c: "double", d: "double" }), /column "b" is of string.*takes FP32/],
    ["what is no JSON", "[{", /MLmodel of .*model.onnx cannot be read/],
  ])("a signature with %s names nothing, and that is told", async (_, inputs, said) => {
    const { gateway, ask } = await start(inputs);
    expect(gateway.said.map((line) => (JSON.parse(line) as { msg: string }).msg).join("\n")).toMatch(said);
    expect(answersIn((await ask("/v1/models/digits:predict", { instances: [[1, 2, 3, 4]] })).text)).toEqual([1234]);
    expect((await ask("/predict/digits", one)).text).toMatch(/no input \\"a\\"/);
  });

  test.each<[what: string, inputs: string]>([
    ["a tensor", JSON.stringify([{ type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1, 4] } }])],
    ["columns without names", JSON.stringify([{ type: "double" }, { type: "double" }, { type: "double" }, { type: "double" }])],
    ["lists", JSON.stringify([{ type: "array", items: { type: "double" }, name: "a" }])],
  ])("a signature of %s names no columns", async (_, inputs) => {
    const { gateway, ask } = await start(inputs);
    expect(gateway.said.filter((line) => line.includes("MLmodel"))).toEqual([]);
    expect((await ask("/predict/digits", { a: 1 })).text).toMatch(/no input \\"a\\"/);
  });
});

test("a folder that MLflow logged as an ONNX model is one, with no Python", async () => {
  const folder = await makeFolder();
  await putModel("digits", join(folder, "model", "model.onnx"));
  await writeFile(join(folder, "model", "MLmodel"), mlModel(abcd));
  const gateway = await startOwn(folder, { digits: at(join(folder, "model")) });
  const answer = await fetch(`${gateway.url}/predict/digits`, { method: "POST", body: JSON.stringify(records), headers: { "content-type": "application/json" } });
  expect(await answer.json()).toEqual([{ variable: 1231 }, { variable: 5670 }]);
});

test("the form and OpenAPI show the columns, and their example is answered", async () => {
  const { gateway, ask } = await start();
  const page = await (await fetch(`${gateway.url}/predict/digits`)).text();
  expect([...page.matchAll(/name="(\w+)"/g)].map(([, name]) => name)).toEqual(expect.arrayContaining(["a", "b", "c", "d"]));
  expect(page).not.toContain('name="float_input"');
  const filled = await ask("/predict/digits", "d=true&c=3&b=2&a=1", "application/x-www-form-urlencoded");
  expect(filled.text).toContain("1231");
  const { paths } = (await (await fetch(`${gateway.url}/predict/digits/openapi.json`)).json()) as {
    paths: Record<string, { post: { requestBody: { content: { "application/json": { schema: { oneOf: [{ properties: object; required: string[] }] }; example: unknown } } } } }>;
  };
  for (const [path, { post }] of Object.entries(paths)) {
    const { schema, example } = post.requestBody.content["application/json"];
    if (path.startsWith("/predict")) expect([Object.keys(schema.oneOf[0].properties), schema.oneOf[0].required]).toEqual([["a", "b", "c", "d"], ["a", "b", "c", "d"]]);
    expect({ path, ...(await ask(path, example)) }).toMatchObject({ status: 200 });
  }
});
