import { describe, expect, test } from "vitest";
import { modelFile } from "../../../fixtures/gateway-process.ts";
import { at, makeFolder, startOwn } from "../../../fixtures/own-gateway.ts";
import { onnxRuntime } from "../onnx-runtime.ts";
import { ortNamesLoop } from "../ort-format.ts";

/* The models are described in make_models.py; what they answer was asked of onnxruntime 1.32 in Python, and is easily found by hand. */

async function serve(...names: string[]) {
  const gateway = await startOwn(await makeFolder(), Object.fromEntries(names.map((name) => [name, at(modelFile(name))])));
  const ask = async (path: string, body: unknown) => {
    const answer = await fetch(gateway.url + path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    const text = await answer.text();
    return { status: answer.status, body: JSON.parse(text) as Record<string, unknown>, text };
  };
  return { gateway, ask };
}

const ortFile = (name: string): string => modelFile(name).replace(/onnx$/, "ort");

const load = async (name: string) => {
  const model = await onnxRuntime.load(modelFile(name), {});
  await model.release();
  return model;
};

describe("classifiers as converters write them", () => {
  const rows = [[1, 0], [0, 2]];
  const [yes, rare] = [0.7310586, 0.11920291]; // sigmoid(1), sigmoid(-2)

  test("a map by class is the matrix of scores, and keeps the names of its classes", async () => {
    const { ask } = await serve("zipped");
    expect((await ask("/predict/zipped", rows.map((X) => ({ X })))).body).toEqual([
      { label: "yes", probabilities: [expect.closeTo(1 - yes, 5), expect.closeTo(yes, 5)] },
      { label: "no", probabilities: [expect.closeTo(1 - rare, 5), expect.closeTo(rare, 5)] },
    ]);
    const { results } = (await ask("/v1/models/zipped:classify", { examples: rows.map((X) => ({ X })) })).body as { results: [string, number][][] };
    expect(results).toEqual([[["no", expect.closeTo(1 - yes, 5)], ["yes", expect.closeTo(yes, 5)]], [["no", expect.closeTo(1 - rare, 5)], ["yes", expect.closeTo(rare, 5)]]]);
    const outputs = [{ name: "probabilities", parameters: { classification: 1 } }];
    const best = await ask("/v2/models/zipped/infer", { inputs: [{ name: "X", datatype: "FP32", shape: [2, 2], data: rows.flat() }], outputs });
    expect(best.body["outputs"]).toEqual([{ name: "probabilities", datatype: "BYTES", shape: [2, 1], data: [expect.stringMatching(/^0\.73105\d*:1:yes$/), expect.stringMatching(/^0\.8807\d*:0:no$/)] }]);
    const { inputs, outputs: told, rowwise } = await load("zipped");
    expect([inputs, told.map(({ name, datatype, shape }) => ({ name, datatype, shape })), rowwise]).toEqual([
      [{ name: "X", datatype: "FP32", shape: [-1, 2] }],
      [{ name: "label", datatype: "BYTES", shape: [-1] }, { name: "probabilities", datatype: "FP32", shape: [-1, 2] }],
      true,
    ]);
  });

  test("a map whose file keeps weights outside", async () => {
    const { ask } = await serve("outside");
    expect((await ask("/predict/outside", { X: [1, 0] })).body).toEqual({ label: "yes", probabilities: [expect.closeTo(1 - yes, 5), expect.closeTo(yes, 5)] });
  });

  test("a sequence of tensors, as multi-output classifiers give it, is an output for each", async () => {
    const model = await load("targets");
    const told = model.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
    // "probabilities_1" is the name of another value of the graph.
    expect(told).toEqual([{ name: "label", datatype: "INT64", shape: [-1, 2] }, { name: "probabilities_0", datatype: "FP32", shape: [-1, 2] }, { name: "probabilities_1_", datatype: "FP32", shape: [-1, 3] }]);
    expect([model.rowwise, model.independentRows]).toEqual([true, true]);
    const { ask } = await serve("targets");
    const X = [[1, -2, 3], [-4, 5, 6]];
    const rowsOut = [{ label: [1, 0], probabilities_0: [-1, 1], probabilities_1_: [2, -4, 6] }, { label: [0, 1], probabilities_0: [4, -4], probabilities_1_: [-8, 10, 12] }];
    expect((await ask("/predict/targets", X.map((row) => ({ X: row })))).body).toEqual(rowsOut);
    expect((await ask("/v1/models/targets:predict", { instances: X })).body).toEqual({ predictions: rowsOut });
    expect((await ask("/invocations", { instances: X })).body).toEqual({ predictions: rowsOut });
    expect((await ask("/predictions/targets", X.map((row) => ({ X: row })))).body).toEqual(rowsOut);
    expect((await ask("/v2/models/targets/infer", { inputs: [{ name: "X", datatype: "FP32", shape: [2, 3], data: X.flat() }] })).body["outputs"]).toMatchObject([
      { name: "label", shape: [2, 2], data: [1, 0, 0, 1] },
      { name: "probabilities_0", shape: [2, 2], data: [-1, 1, 4, -4] },
      { name: "probabilities_1_", shape: [2, 3], data: [2, -4, 6, -8, 10, 12] },
    ]);
    expect((await ask("/predict/targets", [])).body).toEqual([]);
    const classified = await ask("/v1/models/targets:classify", { examples: [{ X: X[0] }] });
    expect([classified.status, classified.text]).toEqual([400, expect.stringContaining('those of several targets, \\"probabilities_0\\", \\"probabilities_1_\\": ask it by Predict')]);
  });

  test.each<[what: string, model: string, classes: string[]]>([
    ["a map", "zipped", ["no", "yes"]],
    ["a classifier whose scores go on unchanged", "voted", ["3", "7"]],
    ["a list that the label is picked from", "picked", ["red", "green", "blue"]],
    ["our own signature", "churn", ["no", "yes"]],
  ])("classes are told by %s", async (_, model, classes) => {
    expect((await load(model)).classes).toEqual(classes);
  });

  test.each(["amount", "absent", "strict", "matrix"])("and by nothing in %s", async (model) => {
    expect((await load(model)).classes).toBeUndefined();
  });

  test("labels that the file declares as one are as many as rows", async () => {
    const { ask } = await serve("voted");
    const { outputs, rowwise } = await load("voted");
    expect([outputs.map(({ shape }) => shape), rowwise]).toEqual([[[-1], [-1, 2]], true]);
    expect((await ask("/predict/voted", rows.map((X) => ({ X })))).body).toEqual([expect.objectContaining({ label: 7 }), expect.objectContaining({ label: 3 })]);
    expect((await ask("/predict/voted", { X: rows[0] })).body).toMatchObject({ label: 7 });
  });
});

describe("encoders that refuse what they do not know", () => {
  test("categories of the graph are what it is tried with, and what the example has", async () => {
    expect((await load("strict")).rowwise).toBe(true);
    expect((await load("strict_matrix")).rowwise).toBe(true);
    const { gateway, ask } = await serve("strict");
    const { paths } = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: Record<string, { post: { requestBody: { content: { "application/json": { example: unknown } } } } }> };
    for (const [path, { post }] of Object.entries(paths)) expect(await ask(path, post.requestBody.content["application/json"].example)).toMatchObject({ status: 200 });
  });

  test("an unknown category is the client's fault, which names the input and what is known, and nobody else's", async () => {
    const { ask } = await serve("strict", "strict_matrix");
    const price = (city: unknown) => ask("/predict/strict", { city, size: 1 });
    const cities = ["Oslo", "Rome", "Bergen", null, "Oslo"];
    const answers = await Promise.all([...cities, ...cities].map(price));
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 200, 400, 200, 200, 400, 200, 400, 200]);
    expect(answers[0].body).toEqual({ price: 21 });
    expect(answers[1].body).toEqual({ error: '"city" is "Rome" in row 0; the model\'s encoder knows "Bergen", "Oslo", and refuses others.' });
    expect(answers[3].body["error"]).toMatch(/"city" is missing in row 0/);
    expect((await ask("/v1/models/strict_matrix:predict", { instances: [[1, 0.5], [3, 7]] })).body).toEqual({ predictions: [[10.5], [37]] });
    expect((await ask("/v1/models/strict_matrix:predict", { instances: [[1, 0.5], [4, 7]] })).body["error"]).toBe('column 0 of "X" is 4 in row 1; the model\'s encoder knows 1, 2, 3, and refuses others.');
    expect((await ask("/v1/models/strict_matrix:predict", { instances: [[null, 0.5]] })).body["error"]).toMatch(/column 0 of "X" is missing in row 0/);
  });
});

test("an encoder whose input is not seen from outside refuses as the client's fault, too, and fails nobody else", async () => {
  const { ask } = await serve("hidden");
  const cities = ["Oslo", "Rome", "Bergen", "Oslo", "Paris", "Bergen"];
  const answers = await Promise.all(cities.map((city) => ask("/predict/hidden", { city })));
  expect(answers.map(({ status, body }) => (status === 200 ? [body["price"]].flat()[0] : status))).toEqual([20, 400, 10, 20, 400, 10]);
  expect(answers[1].body["error"]).toMatch(/no category that the model's encoder knows/);
});

describe("a missing text is the word that the encoder has for it", () => {
  const all = (none: unknown, nan: unknown, empty: unknown, neither: unknown) => ({ none, nan, empty, neither });

  test.each<[what: string, row: object, code: number]>([
    ["null", all(null, null, null, null), 2229],
    ["the empty text", all("", "", "", ""), 2229],
    ["the words themselves", all("None", "nan", "", "b"), 2222],
    ["known ones", all("a", "a", "a", "a"), 1111],
    ["unknown ones", all("x", "x", "x", "x"), 9999],
    ["one word of another", all("nan", "None", "None", "None"), 9999],
  ])("%s", async (_, row, code) => {
    const { ask } = await serve("absent");
    expect((await ask("/predict/absent", row)).body).toEqual({ code });
    expect((await ask("/predict/absent", [row, all("a", "a", "a", "a")])).body).toEqual([{ code }, { code: 1111 }]);
    const inputs = Object.entries(row).map(([name, value]) => ({ name, datatype: "BYTES", shape: [1, 1], data: [value as unknown] }));
    expect((await ask("/v2/models/absent/infer", { inputs })).body).toMatchObject({ outputs: [{ data: [code] }] });
  });

  test("in the columns of a matrix, each by its own encoder; the request's texts are not changed", async () => {
    const { ask } = await serve("absent_matrix");
    expect((await ask("/v1/models/absent_matrix:predict", { instances: [["", ""], ["a", null], [null, "a"], ["nan", "None"]] })).body).toEqual({ predictions: [[22], [12], [21], [99]] });
  });
});

describe("files that are read otherwise, or not", () => {
  test("a graph that says nothing of the rank takes any, request by request", async () => {
    const { ask } = await serve("rankless");
    const infer = (shape: number[], data: number[]) => ask("/v2/models/rankless/infer", { inputs: [{ name: "X", datatype: "FP32", shape, data }] });
    expect((await infer([2, 4], [1, 1, 1, 1, 1, 0, 0, 1])).body).toMatchObject({ outputs: [{ shape: [2, 1], data: [10, 5] }] });
    expect((await infer([4], [1, 1, 1, 2])).body).toMatchObject({ outputs: [{ shape: [1], data: [14] }] });
    expect((await infer([2, 1, 4], [1, 1, 1, 1, 1, 0, 0, 1])).body).toMatchObject({ outputs: [{ shape: [2, 1, 1], data: [10, 5] }] });
    expect((await ask("/v1/models/rankless:predict", { instances: [[1, 1, 1, 1], [1, 0, 0, 1]] })).body).toEqual({ predictions: [[10], [5]] });
    expect((await load("rankless")).inputs).toEqual([{ name: "X", datatype: "FP32", shape: [], anyRank: true }]);
  });

  test("ONNX Runtime's own format", async () => {
    const gateway = await startOwn(await makeFolder(), { amount: at(ortFile("amount")) });
    const answer = await fetch(`${gateway.url}/predict/amount`, { method: "POST", body: JSON.stringify({ amount: 7 }), headers: { "content-type": "application/json" } });
    expect(await answer.json()).toEqual({ prediction: 7 });
    expect(await Promise.all([ortNamesLoop(ortFile("amount")), ortNamesLoop(ortFile("slow"))])).toEqual([false, true]);
  });

  test.each([
    ["newer_ir", /of IR version 99, and \d+ is the newest that this runtime reads; export it with an older one/],
    ["newer_opset", /of opset 99 of ai\.onnx, and \d+ is the newest that this runtime knows; export it with opset \d+ or older/],
  ])("%s is refused with what to export", async (model, sentence) => {
    await expect(onnxRuntime.load(modelFile(model), {})).rejects.toThrow(sentence);
  });
});
