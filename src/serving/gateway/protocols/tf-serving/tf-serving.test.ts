import { mkdir, writeFile } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelFile } from "../../fixtures/gateway-process.ts";
import { at, makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";
import type { OwnGateway } from "../../fixtures/own-gateway.ts";

/** Every model of the table, half_plus_two as versions 5 and 7 with labels. */
async function start(more: Parameters<typeof startOwn>[2] = {}): Promise<OwnGateway> {
  const folder = await makeFolder();
  await putModel("half_plus_three", `${folder}/half/5/model.onnx`);
  await putModel("half_plus_two", `${folder}/half/7/model.onnx`);
  return startOwn(
    folder,
    {
      half: at(`${folder}/half`, { versions: "all", labels: { stable: "5" } }),
      trips: at(modelFile("trips-1")),
      churn: at(modelFile("churn")),
      matrix: at(modelFile("matrix")),
      simple: at(modelFile("simple")),
      strings: at(modelFile("simple_string")),
    },
    more,
  );
}

async function call(url: string, path: string, body?: unknown): Promise<[status: number, body: unknown]> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(`${url}${path}`, body === undefined ? {} : { method: "POST", body: text });
  return [answer.status, JSON.parse(await answer.text())];
}

const sixteen = (value: unknown) => Array.from({ length: 16 }, () => value);
const trip = { distance: 1, seats: 2, city: "Oslo" };

describe("predict", () => {
  test.each<[what: string, path: string, body: unknown, answer: unknown]>([
    ["values in rows", "half:predict", { instances: [2, 3, 4] }, { predictions: [3, 3.5, 4] }],
    ["values in columns", "half:predict", { inputs: [2, 3, 4] }, { outputs: [3, 3.5, 4] }],
    ["columns by name", "half:predict", { inputs: { x: [2, 3, 4] } }, { outputs: [3, 3.5, 4] }],
    ["rows by name", "half:predict", { instances: [{ x: 2 }, { x: 3 }] }, { predictions: [3, 3.5] }],
    ["the default signature by its name", "half:predict", { signature_name: "serving_default", instances: [2] }, { predictions: [3] }],
    ["a version", "half/versions/5:predict", { instances: [2] }, { predictions: [4] }],
    ["a version with zeros in front", "half/versions/007:predict", { instances: [2] }, { predictions: [3] }],
    ["a label", "half/labels/stable:predict", { instances: [2] }, { predictions: [4] }],
    ["several inputs", "trips:predict", { instances: [trip, { ...trip, city: "Rome" }] }, { predictions: [14, 24] }],
    ["columns of several inputs, in their own rank", "trips:predict", { inputs: { distance: [[1]], seats: [[2]], city: [["Oslo"]] } }, { outputs: [[14]] }],
    ["rows by position, as KServe sends them", "trips:predict", { instances: [[1, 2, "Oslo"]] }, { predictions: [14] }],
    ["bytes in base64", "trips:predict", { instances: [{ ...trip, city: { b64: "T3Nsbw==" } }] }, { predictions: [14] }],
    ["a missing value", "trips:predict", { instances: [{ ...trip, distance: null }] }, { predictions: [12] }],
    ["several outputs in rows", "churn:predict", { instances: [trip] }, { predictions: [{ label: "no", probabilities: [1, expect.closeTo(0)] }] }],
    ["several outputs in columns", "churn:predict", { inputs: { distance: [[1]], seats: [[2]], city: [["Oslo"]] } }, { outputs: { label: [["no"]], probabilities: [[1, expect.closeTo(0)]] } }],
    ["strings out", "strings:predict", { instances: [{ INPUT0: sixteen("3"), INPUT1: sixteen("1") }] }, { predictions: [{ OUTPUT0: sixteen("4"), OUTPUT1: sixteen("2") }] }],
  ])("%s", async (_, path, body, answer) => {
    const { url } = await start();
    expect(await call(url, `/v1/models/${path}`, body)).toEqual([200, answer]);
  });

  test("floats have a point, integers none; NaN and the infinities are tokens, both ways", async () => {
    const { url } = await start();
    const text = async (path: string, body: string) => (await fetch(`${url}/v1/models/${path}:predict`, { method: "POST", body })).text();
    expect(await text("half", `{"instances": [2.0, NaN, Infinity, -Infinity, 0.2, 6e30]}`)).toBe(`{"predictions":[3.0,null,Infinity,-Infinity,2.1,3e+30]}`);
    // What KServe V1 does not have is TensorFlow Serving's alone, and written as it writes.
    for (const [path, body] of [["half/versions/7", '{"instances": [NaN, -Infinity]}'], ["half", '{"signature_name": "serving_default", "instances": [NaN, -Infinity]}']]) expect(await text(path, body)).toBe('{"predictions":[NaN,-Infinity]}');
    expect(await text("half", '{"inputs": [NaN, -0.0]}')).toBe('{"outputs":[NaN,2.0]}');
    const list = (value: number) => `[[${sixteen(value).join(",")}]]`;
    expect(await text("simple", `{"inputs": {"INPUT0": ${list(2)}, "INPUT1": ${list(1)}}}`)).toBe(`{"outputs":{"OUTPUT0":${list(3)},"OUTPUT1":${list(1)}}}`);
  });

  test("what comes out is what a 32-bit float makes of what went in", async () => {
    const { url } = await start();
    const float = fc.float({ noNaN: true, noDefaultInfinity: true, max: 2 ** 100, min: -(2 ** 100) });
    await fc.assert(
      fc.asyncProperty(fc.array(float, { minLength: 1, maxLength: 20 }), async (values) => {
        const [status, body] = await call(url, "/v1/models/half:predict", { instances: values });
        expect([status, (body as { predictions: number[] }).predictions.map(Math.fround)]).toEqual([200, values.map((value) => Math.fround(Math.fround(value / 2) + 2))]);
      }),
      { numRuns: 50 },
    );
  });

  test.each<[what: string, path: string, body: unknown, status: number, error: RegExp]>([
    ["an empty body", "half:predict", "", 400, /^JSON Parse error: The document is empty/],
    ["what is no JSON", "half:predict", "{", 400, /^JSON Parse error: /],
    ["a list", "half:predict", [1], 400, /Is not object/],
    ["neither key", "half:predict", {}, 400, /^Missing 'inputs' or 'instances' key/],
    ["both keys", "half:predict", { inputs: [1], instances: [1] }, 400, /expecting only one of 'inputs' or 'instances' keys to exist/],
    ["instances that are no list", "half:predict", { instances: 1 }, 400, /Expecting 'instances' to be an list\/array/],
    ["a signature that is no string", "half:predict", { signature_name: 5, instances: [1] }, 400, /'signature_name' key must be a string value\./],
    ["a signature that is not there", "half:predict", { signature_name: "no", instances: [1] }, 400, /Serving signature key "no" not found/],
    ["a list for several inputs", "trips:predict", { instances: [1] }, 400, /^instances is a plain list, but expecting list of objects as multiple input tensors required/],
    ["a plain column for several inputs", "trips:predict", { inputs: [1] }, 400, /^inputs is a plain value\/list, but expecting an object/],
    ["a list among objects", "trips:predict", { instances: [trip, 5] }, 400, /Expecting object but got list at item 1 of input list/],
    ["an object among values", "half:predict", { instances: [1, { x: 1 }] }, 400, /Expecting value\/list but got object at item 1 of input list/],
    ["an input too few", "trips:predict", { instances: [{ distance: 1 }] }, 400, /Failed to process element: 0 of 'instances' list\..* keys must be equal to: distance,seats,city/],
    ["an input that is not there", "half:predict", { instances: [{ x: 1, colour: 1 }] }, 400, /Failed to process element: 0 key: colour .*does not have named input: colour/],
    ["rows of different keys", "trips:predict", { instances: [trip, { distance: 1 }] }, 400, /Failed to process element: 1 .*keys must be equal/],
    ["a column too few", "trips:predict", { inputs: { distance: [1] } }, 400, /Missing named input: seats in 'inputs' object\./],
    ["text for a number", "half:predict", { instances: ["two"] }, 400, /instances "x": data\[0\] is "two"; it takes numbers/],
    ["base64 for a number", "half:predict", { instances: [{ b64: "AA==" }] }, 400, /instances "x": data\[0\] is an object/],
    ["broken base64", "trips:predict", { instances: [{ ...trip, city: { b64: "%" } }] }, 400, /Unable to base64 decode/],
    ["lists of different lengths", "simple:predict", { inputs: { INPUT0: [[1], [1, 2]], INPUT1: [[1]] } }, 400, /differ in length/],
    ["a model that is not there", "nope:predict", { instances: [1] }, 404, /^Servable not found for request: Latest\(nope\)/],
    ["a version that is not there", "half/versions/6:predict", { instances: [1] }, 404, /^Servable not found for request: Specific\(half, 6\)/],
    ["a label that is not there", "half/labels/next:predict", { instances: [1] }, 400, /^Unrecognized servable version label: next/],
    ["a verb that is not there", "half:foo", { instances: [1] }, 400, /^Malformed request: POST \/v1\/models\/half:foo$/],
    ["no verb", "half", { instances: [1] }, 400, /^Malformed request: POST \/v1\/models\/half$/],
    ["a version that is no number", "half/versions/new:predict", { instances: [1] }, 400, /^Malformed request/],
    ["an explanation", "half:explain", { instances: [1] }, 501, /explanations are not built/],
    ["an explanation of nothing", "nope:explain", { instances: [1] }, 404, /^Servable not found/],
  ])("%s is said so", async (_, path, body, status, error) => {
    const { url } = await start();
    expect(await call(url, `/v1/models/${path}`, body)).toEqual([status, { error: expect.stringMatching(error) }]);
  });

  test("paths in capitals are the same, and a foreign method is malformed", async () => {
    const { url } = await start();
    expect(await call(url, "/V1/Models/half/Versions/7:PREDICT", { instances: [2] })).toEqual([200, { predictions: [3] }]);
    const put = await fetch(`${url}/v1/models/half:predict`, { method: "PUT", body: "{}" });
    expect([put.status, await put.json()]).toEqual([400, { error: "Malformed request: PUT /v1/models/half:predict" }]);
    expect(await call(url, "/v1/other")).toEqual([400, { error: "Malformed request: GET /v1/other" }]);
  });

  test("other names of the signature are those that the operator gave", async () => {
    const { url } = await start({ signatures: ["predict_images"] });
    expect(await call(url, "/v1/models/half:predict", { signature_name: "predict_images", instances: [2] })).toEqual([200, { predictions: [3] }]);
    const [, metadata] = await call(url, "/v1/models/half/metadata");
    expect(Object.keys((metadata as { metadata: { signature_def: { signature_def: object } } }).metadata.signature_def.signature_def)).toEqual(["serving_default", "predict_images"]);
  });
});

describe("classify and regress", () => {
  test.each<[what: string, path: string, body: unknown, answer: unknown]>([
    ["classes with their labels", "churn:classify", { examples: [trip] }, { results: [[["no", 1], ["yes", expect.closeTo(0)]]] }],
    ["a score without labels", "half:classify", { examples: [{ x: 2 }, { x: [3] }] }, { results: [[["", 3]], [["", 3.5]]] }],
    ["labels without a score", "strings:classify", { examples: [{ INPUT0: sixteen("3"), INPUT1: sixteen("1") }] }, { results: [sixteen(["4", 0])] }],
    ["numbers", "trips:regress", { examples: [trip, { ...trip, distance: 5 }] }, { results: [14, 22] }],
    ["a context for all", "trips:regress", { context: { city: "Rome", seats: 1 }, examples: [{ distance: 1 }, { distance: 1, seats: 2 }] }, { results: [23, 24] }],
    ["features that some examples lack", "trips:regress", { examples: [trip, { seats: 2, city: { b64: "T3Nsbw==" } }] }, { results: [14, 12] }],
    ["lists of values", "matrix:regress", { examples: [{ features: [1, 2, 3], rank: 0.5, count: 10 }] }, { results: [16.5] }],
  ])("%s", async (_, path, body, answer) => {
    const { url } = await start();
    expect(await call(url, `/v1/models/${path}`, body)).toEqual([200, answer]);
  });

  test.each<[what: string, path: string, body: unknown, error: RegExp]>([
    ["no examples", "half:classify", {}, /key 'examples' is expected and was not found/],
    ["examples that are no list", "half:classify", { examples: 5 }, /Expecting 'examples' value to be an list\/array/],
    ["an example that is no object", "half:regress", { examples: [5] }, /Example must be JSON object but got JSON Number/],
    ["a feature that is an object", "half:regress", { examples: [{ x: {} }] }, /Feature: x has element with unexpected JSON type: Object/],
    ["a list in a list", "half:regress", { examples: [{ x: [[1]] }] }, /Feature: x has element with unexpected JSON type: Array/],
    ["too many values", "trips:regress", { examples: [{ ...trip, seats: [1, 2] }] }, /Feature: seats has 2 values; the model takes \[1\] for each example/],
    ["more values here than there", "half:regress", { examples: [{ x: 1 }, { x: [1, 2] }] }, /Feature: x has 2 values in example 1 and 1 in another/],
    ["a context that would fill the memory", "half:regress", { context: { x: Array.from({ length: 20_000 }, () => 1) }, examples: Array.from({ length: 1000 }, () => ({})) }, /more than 16777216 values/],
    ["a context of many features for many examples", "half:regress", { context: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x${i}`, 1])), examples: Array.from({ length: 5000 }, () => ({})) }, /more than 16777216 values/],
    ["a model of several outputs", "churn:regress", { examples: [trip] }, /Expected one output Tensor/],
    ["a model without scores", "simple:classify", { examples: [{ INPUT0: sixteen(1), INPUT1: sixteen(1) }] }, /at least one of "classes" or "scores"/],
  ])("%s is said so", async (_, path, body, error) => {
    const { url } = await start();
    expect(await call(url, `/v1/models/${path}`, body)).toEqual([400, { error: expect.stringMatching(error) }]);
  });
});

describe("models", () => {
  const available = (version: string) => ({ version, state: "AVAILABLE", status: { error_code: "OK", error_message: "" } });

  test("the status names every version that is served, and is KServe's as well", async () => {
    const { url } = await start();
    expect(await call(url, "/v1/models/half")).toEqual([200, { model_version_status: [available("5"), available("7")], name: "half", ready: true }]);
    expect(await call(url, "/v1/models/half/versions/5")).toEqual([200, { model_version_status: [available("5")] }]);
    expect(await call(url, "/v1/models/half/labels/stable")).toEqual([200, { model_version_status: [available("5")] }]);
    expect(await call(url, "/v1/models/nope")).toEqual([404, { error: "Could not find any versions of model nope" }]);
    expect(await call(url, "/v1/models/half/versions/9")).toEqual([404, { error: "Could not find version 9 of model half" }]);
    expect(await call(url, "/v1/models")).toEqual([200, { models: expect.arrayContaining(["half", "trips", "churn"]) }]);
  });

  test("versions on disk that nobody asked for are not in the status, one that was unloaded is at its end and not ready", async () => {
    const folder = await makeFolder();
    await putModel("half_plus_three", `${folder}/half/5/model.onnx`);
    await putModel("half_plus_two", `${folder}/half/7/model.onnx`);
    const { url, repository } = await startOwn(folder, { half: at(`${folder}/half`) });
    expect(await call(url, "/v1/models/half")).toEqual([200, { model_version_status: [available("7")], name: "half", ready: true }]);
    await repository.unload("half");
    const ended = (version: string) => ({ ...available(version), state: "END" });
    expect(await call(url, "/v1/models/half")).toEqual([503, { model_version_status: [ended("5"), ended("7")], name: "half", ready: false }]);
  });

  test("a version that does not load is at its end and says why", async () => {
    const folder = await makeFolder();
    await mkdir(`${folder}/models/broken/3`, { recursive: true });
    await writeFile(`${folder}/models/broken/3/model.onnx`, "no model");
    const { url } = await startOwn(folder, {}, { repository: `${folder}/models` });
    const failed = { version: "3", state: "END", status: { error_code: "UNKNOWN", error_message: expect.stringMatching(/cannot be loaded/) } };
    expect(await call(url, "/v1/models/broken")).toEqual([503, { model_version_status: [failed], name: "broken", ready: false }]);
    expect(await call(url, "/v1/models/broken:predict", { instances: [1] })).toEqual([404, { error: expect.stringMatching(/^Servable not found/) }]);
  });

  test("the metadata are one signature of a SavedModel", async () => {
    const { url } = await start();
    const info = (name: string, dtype: string, ...sizes: string[]) => ({ dtype, tensor_shape: { dim: sizes.map((size) => ({ size, name: "" })), unknown_rank: false }, name: `${name}:0` });
    expect(await call(url, "/v1/models/churn/metadata")).toEqual([
      200,
      {
        model_spec: { name: "churn", signature_name: "", version: "1" },
        metadata: {
          signature_def: {
            signature_def: {
              serving_default: {
                inputs: { distance: info("distance", "DT_FLOAT", "-1", "1"), seats: info("seats", "DT_FLOAT", "-1", "1"), city: info("city", "DT_STRING", "-1", "1") },
                outputs: { label: info("label", "DT_STRING", "-1", "1"), probabilities: info("probabilities", "DT_FLOAT", "-1", "2") },
                method_name: "tensorflow/serving/predict",
                defaults: {},
              },
            },
          },
        },
      },
    ]);
    expect(await call(url, "/v1/models/half/versions/5/metadata")).toEqual([200, expect.objectContaining({ model_spec: { name: "half", signature_name: "", version: "5" } })]);
    expect(await call(url, "/v1/models/nope/metadata")).toEqual([404, { error: expect.stringMatching(/^Servable not found/) }]);
  });
});
