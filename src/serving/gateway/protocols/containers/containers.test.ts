import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at, makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";
import { modelFile } from "../../fixtures/gateway-process.ts";

const ones = Array.from({ length: 16 }, (_, index) => index);
const input = (name: string) => ({ name, datatype: "INT32", shape: [1, 16], data: ones });
const doubled = ones.map((one) => one * 2);
const tensors = JSON.stringify({ inputs: [input("INPUT0"), input("INPUT1")] });
/** As Triton answers on these platforms: nothing that was not asked for. */
const tensorAnswer = (model: string) => ({
  model_name: model,
  model_version: "1",
  outputs: [
    { name: "OUTPUT0", datatype: "INT32", shape: [1, 16], data: doubled },
    { name: "OUTPUT1", datatype: "INT32", shape: [1, 16], data: ones.map(() => 0) },
  ],
});

/** A request whose first input follows the JSON as raw bytes. */
function binary(vendor: string, more: object = {}): { body: Buffer; type: string } {
  const head = Buffer.from(JSON.stringify({ ...more, inputs: [{ name: "INPUT0", datatype: "INT32", shape: [1, 16], parameters: { binary_data_size: 64 } }, input("INPUT1")] }));
  return { body: Buffer.concat([head, Buffer.from(Int32Array.from(ones).buffer)]), type: `application/vnd.${vendor}-triton.binary+json;json-header-size=${head.length}` };
}

async function start(models: Record<string, string>, more: Parameters<typeof startOwn>[2] = {}) {
  const gateway = await startOwn(await makeFolder(), Object.fromEntries(Object.entries(models).map(([name, file]) => [name, at(modelFile(file))])), more);
  const post = async (path: string, body: string | Buffer, type = "application/json", headers: Record<string, string> = {}, method = "POST") => {
    const answer = await fetch(gateway.url + path, { method, ...(method === "POST" && { body: body as never }), headers: { "content-type": type, ...headers } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return { status: answer.status, headers: answer.headers, bytes, body: /^[[{]/.test(bytes.toString("latin1", 0, 1)) ? (safe(bytes) as Record<string, unknown>) : bytes.toString() };
  };
  return { ...gateway, post };
}

/** The JSON of an answer; what follows it as raw bytes is left. */
function safe(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

const badTypes = (vendor: string) => [
  ["something before it", `additional-string/application/vnd.${vendor}-triton.binary+json;json-header-size=150`],
  ["no number", `application/vnd.${vendor}-triton.binary+json;json-header-size=additional-string150`],
  ["a negative number", `application/vnd.${vendor}-triton.binary+json;json-header-size=-123`],
  ["more than the body", `application/vnd.${vendor}-triton.binary+json;json-header-size=12345`],
  ["more than any body", `application/vnd.${vendor}-triton.binary+json;json-header-size=99999999999`],
  ["no size", `application/vnd.${vendor}-triton.binary+json`],
] as const;

describe("SageMaker", () => {
  test("/invocations takes Triton's requests, JSON and binary, and MLflow's beside them", async () => {
    const { post } = await start({ sm_model: "simple" });
    expect(await post("/invocations", tensors)).toMatchObject({ status: 200, body: tensorAnswer("sm_model") });
    expect(Object.keys((await post("/invocations", tensors)).body)).toEqual(["model_name", "model_version", "outputs"]);
    expect((await post("/invocations", tensors.replace("{", '{"id":"mine",'))).body).toMatchObject({ id: "mine" });
    const { body, type } = binary("sagemaker");
    expect(await post("/invocations", body, type)).toMatchObject({ status: 200, body: tensorAnswer("sm_model") });
    const rows = { dataframe_split: { columns: ["INPUT0", "INPUT1"], data: [[ones, ones]] } };
    expect(await post("/invocations", JSON.stringify({ inputs: { INPUT0: [ones], INPUT1: [ones] } }))).toMatchObject({ status: 200, body: { predictions: expect.anything() } });
    expect((await post("/invocations", JSON.stringify(rows))).body).toMatchObject({ predictions: [{ OUTPUT0: doubled }] });
  });

  test("binary outputs come under the type that says where they begin", async () => {
    const { post } = await start({ sm_model: "simple" });
    const { headers, bytes } = await post("/invocations", JSON.stringify({ ...(JSON.parse(tensors) as object), outputs: [{ name: "OUTPUT0", parameters: { binary_data: true } }] }));
    const [, size] = /^application\/vnd\.sagemaker-triton\.binary\+json;json-header-size=(\d+)$/.exec(headers.get("content-type")!)!;
    expect([...new Int32Array(Uint8Array.from(bytes.subarray(Number(size))).buffer)]).toEqual(doubled);
  });

  test.each(badTypes("sagemaker"))("a binary type with %s is refused, and the gateway goes on", async (_, type) => {
    const { post } = await start({ sm_model: "simple" });
    expect(await post("/invocations", binary("sagemaker").body, type)).toMatchObject({ status: 400 });
    expect(await post("/ping", "", "", {}, "GET")).toMatchObject({ status: 200, body: { status: "Healthy" } });
  });

  test("several models: one is named by the header or is the default", async () => {
    const { post } = await start({ one: "simple", two: "simple" });
    expect(await post("/invocations", tensors)).toMatchObject({ status: 400, body: { error: expect.stringMatching(/\/invocations names none/) } });
    expect((await post("/invocations", tensors, "application/json", { "X-Amzn-SageMaker-Target-Model": "two" })).body).toEqual(tensorAnswer("two"));
    const other = await start({ one: "simple", two: "simple" }, { defaultModel: "one" });
    expect((await other.post("/invocations", tensors)).body).toEqual(tensorAnswer("one"));
  });

  test("a multi-model endpoint loads, lists, invokes and unloads without a token, from its folder alone", async () => {
    const folder = await makeFolder();
    const models = join(folder, "opt", "ml", "models");
    const place = join(models, "123", "model");
    await putModel("simple", join(place, "sm_mme_model_1", "1", "model.onnx"));
    await putModel("trips-1", join(models, "456", "model", "model.onnx"));
    await putModel("trips-1", join(folder, "elsewhere", "model.onnx"));
    await mkdir(join(models, "789", "model"), { recursive: true });
    const { post } = await start({}, { anyPlace: false, host: "0.0.0.0", multiModel: true, own: { models: new Map(), places: [models] } });
    const load = (model_name: string, url: string) => post("/models", JSON.stringify({ model_name, url }));
    const get = (path: string) => post(path, "", "", {}, "GET");
    expect(await get("/ping")).toMatchObject({ status: 200 });
    expect(await load("one", place)).toMatchObject({ status: 200 });
    expect(await load("one", place)).toMatchObject({ status: 409 });
    expect(await load("two", join(models, "456", "model"))).toMatchObject({ status: 200 });
    expect(await load("three", join(models, "789", "model"))).toMatchObject({ status: 404, body: { message: expect.stringMatching(/holds no model/) } });
    expect(await load("four", join(folder, "elsewhere"))).toMatchObject({ status: 403 });
    expect(await load("four", join(models, "..", "..", "..", "elsewhere"))).toMatchObject({ status: 403 });
    expect((await get("/models")).body).toEqual({ models: [{ modelName: "one", modelUrl: place }, { modelName: "two", modelUrl: join(models, "456", "model") }] });
    expect((await get("/models/one")).body).toEqual({ modelName: "one", modelUrl: place });
    expect((await post("/models/one/invoke", tensors)).body).toEqual(tensorAnswer("one"));
    const { body, type } = binary("sagemaker");
    expect((await post("/models/one/invoke", body, type)).body).toEqual(tensorAnswer("one"));
    expect((await post("/models/two/invoke", "distance,seats,city\n1,1,Oslo", "text/csv")).body).toEqual({ predictions: [13] });
    expect((await post("/models/two/invoke", JSON.stringify({ instances: [{ distance: 1, seats: 1, city: "Oslo" }] }))).body).toEqual({ predictions: [13] });
    expect((await post("/models/two/invoke", JSON.stringify({ distance: 1, seats: 1, city: "Oslo" }))).body).toEqual({ prediction: 13 });
    expect(await post("/models/one", "", "", {}, "DELETE")).toMatchObject({ status: 200 });
    expect(await post("/models/one", "", "", {}, "DELETE")).toMatchObject({ status: 404 });
    expect(await post("/models/one/invoke", tensors)).toMatchObject({ status: 404 });
  });

  test("a model for which there is no memory is refused with 507", async () => {
    const folder = await makeFolder();
    const place = join(folder, "1", "model");
    await putModel("simple", join(place, "model.onnx"));
    const { post } = await start({}, { anyPlace: false, multiModel: true, memoryLimit: 100, own: { models: new Map(), places: [folder] } });
    expect(await post("/models", JSON.stringify({ model_name: "m", url: place }))).toMatchObject({ status: 507, body: { code: 507 } });
  });
});

describe("Vertex AI", () => {
  const routes = { predict: "/v1/endpoints/7/deployedModels/8:predict", health: "/v1/endpoints/7/deployedModels/8" };

  test("answers at the routes it is told: instances, tensors, binary tensors; the health route follows readiness", async () => {
    const { post } = await start({ addsub: "simple" }, { vertexRoutes: routes });
    expect(await post(routes.health, "", "", {}, "GET")).toMatchObject({ status: 200 });
    expect((await post(routes.predict, tensors)).body).toEqual(tensorAnswer("addsub"));
    const { body, type } = binary("vertex-ai");
    expect((await post(routes.predict, body, type)).body).toEqual(tensorAnswer("addsub"));
    expect((await post(routes.predict, JSON.stringify({ instances: [{ INPUT0: ones, INPUT1: ones }], parameters: {} }))).body).toMatchObject({ predictions: [{ OUTPUT0: doubled }] });
    expect(await post(routes.predict, "", "", {}, "GET")).toMatchObject({ status: 405 });
    const trips = await start({ trips: "trips-1" }, { vertexRoutes: routes });
    expect((await trips.post(routes.predict, JSON.stringify({ instances: [{ distance: 1, seats: 1, city: "Oslo" }] }))).body).toEqual({ predictions: [13] });
  });

  test("a route that another protocol has is Vertex AI's", async () => {
    const { post } = await start({ addsub: "simple" }, { vertexRoutes: { predict: "/predict", health: "/health" } });
    expect((await post("/predict", tensors)).body).toEqual(tensorAnswer("addsub"));
    expect(await post("/predict/addsub", "{}")).toMatchObject({ status: 400, body: { error: expect.stringMatching(/missing/) } });
  });

  test("a redirect names an address of the Open Inference Protocol, and changes no model", async () => {
    const { post } = await start({ addsub: "simple", other: "simple" }, { vertexRoutes: routes });
    const to = (address: string, body: string | Buffer = "", type = "application/json") => post(routes.predict, body, type, { "X-Vertex-Ai-Triton-Redirect": address });
    expect((await to("v2/models/other/infer", tensors)).body).toMatchObject({ model_name: "other", outputs: tensorAnswer("other").outputs });
    const { body, type } = binary("vertex-ai");
    expect((await to("v2/models/other/infer", body, type)).body).toMatchObject({ model_name: "other" });
    expect((await to("v2/models/other")).body).toMatchObject({ name: "other" });
    expect((await to("v2/models/other/ready")).body).toMatchObject({ ready: true });
    expect((await to("v2/models/other/config")).body).toMatchObject({ name: "other" });
    expect((await to("v2/models/stats")).body).toMatchObject({ model_stats: expect.anything() });
    expect((await to("v2")).body).toMatchObject({ name: "millrace" });
    expect((await to("v2/repository/index")).status).toBe(200);
    expect(await to("v2/repository/models/other/unload")).toMatchObject({ status: 403 });
    expect(await to("v2/repository/models/index/unload")).toMatchObject({ status: 403 });
    expect(await to("_millrace/status")).toMatchObject({ status: 400 });
    expect(await to("%zz")).toMatchObject({ status: 400 });
  });

  test.each(badTypes("vertex-ai"))("a binary type with %s is refused", async (_, type) => {
    const { post } = await start({ addsub: "simple" }, { vertexRoutes: routes });
    expect(await post(routes.predict, binary("vertex-ai").body, type)).toMatchObject({ status: 400 });
  });
});

describe("Azure ML", () => {
  test.each<[what: string, body: unknown, answer: unknown]>([
    ["a data frame of an MLflow deployment", { input_data: { columns: ["distance", "seats", "city"], index: [0], data: [[1, 1, "Oslo"]] } }, [13]],
    ["columns of an MLflow deployment", { input_data: { distance: [1, 2], seats: [1, 1], city: ["Oslo", null] } }, [13, 5]],
    ["an integer that no double holds", '{"input_data":{"distance":[9007199254740993],"seats":[1],"city":["Oslo"]}}', [18014399000000000]],
    ["a row of one's own", { distance: 1, seats: 1, city: "Oslo" }, { prediction: 13 }],
    ["rows under data", { data: [{ distance: 1, seats: 1, city: "Oslo" }] }, [{ prediction: 13 }]],
    ["instances", { instances: [{ distance: 1, seats: 1, city: "Oslo" }] }, { predictions: [13] }],
    ["AutoML's first envelope", { data: [{ distance: 1, seats: 1, city: "Oslo" }], method: "predict" }, { result: [13] }],
    ["AutoML's envelope", { Inputs: { data: [{ distance: 1, seats: 1, city: "Oslo" }] }, GlobalParameters: { method: "predict" } }, { Results: [13] }],
    ["AutoML's envelope with its template's number", { Inputs: { data: [] }, GlobalParameters: 0 }, { Results: [] }],
    ["the designer's envelope", { Inputs: { WebServiceInput0: [{ distance: 1, seats: 1, city: "Oslo" }] }, GlobalParameters: {} }, { Results: { WebServiceOutput0: [{ prediction: 13 }] } }],
    ["the designer's envelope without rows", { Inputs: { WebServiceInput1: [] } }, { Results: { WebServiceOutput1: [] } }],
  ])("/score takes %s", async (_, body, answer) => {
    const { post } = await start({ trips: "trips-1" });
    expect(await post("/score", typeof body === "string" ? body : JSON.stringify(body))).toMatchObject({ status: 200, body: answer });
  });

  test("/ is liveness; /score takes POST, tensors too, and one of several models", async () => {
    const { post } = await start({ addsub: "simple" });
    expect(await post("/", "", "", {}, "GET")).toMatchObject({ status: 200 });
    expect((await post("/score", tensors)).body).toEqual(tensorAnswer("addsub"));
    expect(await post("/score", "", "", {}, "GET")).toMatchObject({ status: 405 });
    expect(await post("/score", '{"input_data":7}')).toMatchObject({ status: 400 });
  });

  test.each<[what: string, body: unknown, message: RegExp]>([
    ["probabilities", { Inputs: { data: [] }, GlobalParameters: { method: "predict_proba" } }, /GlobalParameters.method" is "predict_proba"; it must be "predict"/],
    ["quantiles", { Inputs: { data: [] }, GlobalParameters: { quantiles: [0.1] } }, /"GlobalParameters" has "quantiles"/],
    ["another method", { data: [{}], method: "forecast" }, /"method" is "forecast"/],
    ["the classic studio's table", { Inputs: { input1: { ColumnNames: ["a"], Values: [["1"]] } }, GlobalParameters: {} }, /not "input1" \(an object\)/],
    ["two inputs", { Inputs: { WebServiceInput0: [], WebServiceInput1: [] } }, /"WebServiceInput0" .* alone/],
  ])("an envelope that asks for %s is refused", async (_, body, message) => {
    const { post } = await start({ trips: "trips-1" });
    expect(await post("/score", JSON.stringify(body))).toMatchObject({ status: 400, body: { error: expect.stringMatching(message) } });
  });
});
