import { join } from "node:path";
import { expect, test } from "vitest";
import { modelFile } from "../../fixtures/gateway-process.ts";
import { grpcClient } from "../../fixtures/grpc-client.ts";
import { at, makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";
import { inferenceProto } from "../../grpc/open-inference/infer-proto.ts";

/** As MLServer's clients send it: every field of the schema is there, null where it has no value. */
const request = (datatype = "INT32") => ({
  id: null,
  parameters: null,
  inputs: [{ name: "input-0", shape: [1, 3], datatype, parameters: null, data: [1, 2, 3] }],
  outputs: null,
});

async function start() {
  const folder = await makeFolder();
  const location = await putModel("total", join(folder, "sum.onnx"));
  const places = [{ location, version: "v1.2.3" }];
  const gateway = await startOwn(join(folder, "home"), { "sum-model": { places, versions: { specific: ["v1.2.3"] } } }, { serverName: "mlserver" });
  return async (line: string, body?: unknown, headers: Record<string, string> = {}) => {
    const [method, path] = line.split(" ");
    const answer = await fetch(gateway.url + path, { method, headers: { "content-type": "application/json", ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    const type = answer.headers.get("content-type") ?? "";
    return { status: answer.status, type, body: (type.includes("json") && text !== "" ? JSON.parse(text) : text) as unknown };
  };
}

const six = { model_name: "sum-model", model_version: "v1.2.3", outputs: [{ data: [6] }] };

/** SeldonIO/MLServer, tests/rest/test_endpoints.py: what its tests ask, and what they look at in the answer. */
test.each<[what: string, line: string, body: unknown, status: number, answer: unknown]>([
  ["live", "GET /v2/health/live", undefined, 200, {}],
  ["ready", "GET /v2/health/ready", undefined, 200, {}],
  ["model ready", "GET /v2/models/sum-model/versions/v1.2.3/ready", undefined, 200, {}],
  ["metadata", "GET /v2", undefined, 200, { name: "mlserver", version: expect.any(String), extensions: expect.any(Array) }],
  ["OpenAPI", "GET /v2/docs/dataplane.json", undefined, 200, { openapi: expect.any(String) }],
  ["model metadata", "GET /v2/models/sum-model", undefined, 200, { name: "sum-model", versions: ["v1.2.3"], inputs: [{ name: "input-0", datatype: "INT32", shape: [-1, 3] }] }],
  ["OpenAPI of a model", "GET /v2/models/sum-model/docs/dataplane.json", undefined, 200, { openapi: expect.any(String) }],
  ["OpenAPI of a version", "GET /v2/models/sum-model/versions/v1.2.3/docs/dataplane.json", undefined, 200, { openapi: expect.any(String) }],
  ["inference", "POST /v2/models/sum-model/infer", request(), 200, six],
  ["inference by a version", "POST /v2/models/sum-model/versions/v1.2.3/infer", request(), 200, six],
  ["a model that is not there", "POST /v2/models/my-model/versions/v0/infer", request(), 404, { error: expect.stringContaining("my-model") }],
  ["the repository index", "POST /v2/repository/index", { ready: null }, 200, [{ name: "sum-model", version: "v1.2.3", state: "READY" }]],
  ["loading what is not there", "POST /v2/repository/models/my-model/load", undefined, 404, { error: expect.stringContaining("my-model") }],
  ["a datatype that is none", "POST /v2/models/sum-model/infer", request("INT322"), 400, { error: expect.stringContaining("INT322") }],
])("%s", async (_, line, body, status, answer) => {
  const ask = await start();
  expect(await ask(line, body)).toMatchObject({ status, body: answer });
});

/** An input as one of MLServer's codecs writes it (tests/codecs). */
const encoded = (datatype: string, data: unknown[], content_type: string | null, shape = [data.length, 1]) => ({ name: "in", datatype, shape, data, parameters: { content_type } });

/** SeldonIO/MLServer, tests/codecs: what its codecs make of Python's values, and what a model must see of them. */
test.each<[codec: string, model: "words" | "amount", input: ReturnType<typeof encoded>, seen: unknown[]]>([
  ["base64", "words", encoded("BYTES", ["UHl0aG9uIGlzIGZ1bg==", ""], "base64"), ["Python is fun", ""]],
  ["base64 that is text for the str codec", "words", encoded("BYTES", ["UHl0aG9uIGlzIGZ1bg=="], "str"), ["UHl0aG9uIGlzIGZ1bg=="]],
  ["str", "words", encoded("BYTES", ["hey", "what's", "up"], "str"), ["hey", "what's", "up"]],
  ["str in one dimension", "words", encoded("BYTES", ["hey", "what's", "up"], "str", [3]), ["hey", "what's", "up"]],
  ["datetime", "words", encoded("BYTES", ["2021-08-24T15:01:02"], "datetime"), ["2021-08-24T15:01:02"]],
  ["pd_json", "words", encoded("BYTES", ["[1,2]", '{"a":1}'], "pd_json"), ["[1,2]", '{"a":1}']],
  ["np", "amount", encoded("FP64", [21], "np"), [21]],
  ["pd, with a missing value", "amount", encoded("FP64", [4, null, 6], null), [4, null, 6]],
  ["np of integers", "amount", encoded("INT64", [1, 2, 3], "np"), [1, 2, 3]],
])("the %s codec", async (_, name, input, seen) => {
  const gateway = await startOwn(await makeFolder(), { m: at(modelFile(name)) });
  const inputs = [{ ...input, name: name === "words" ? "text" : "amount" }];
  const { status, body } = await gateway.infer("m", { id: null, parameters: { content_type: "pd", headers: null }, inputs, outputs: null });
  expect([status, body.outputs?.[0].data]).toEqual([200, seen]);
});

test("what is no base64, though its content type says so, is refused; over gRPC bytes are decoded, too", async () => {
  const gateway = await startOwn(await makeFolder(), { words: at(modelFile("words")) }, { grpcPort: 0 });
  for (const text of ["Python is fun", "abc", "YQ=="[0], "YQ", "YR=="]) {
    const { status, body } = await gateway.infer("words", { inputs: [{ ...encoded("BYTES", [text], "base64"), name: "text" }] });
    expect([status, body.error], text).toEqual([400, 'inputs[0] ("text"): data[0] is no base64, which the input\'s content_type says it is.']);
  }
  const client = grpcClient(gateway.address.grpcPort!, inferenceProto, "inference.GRPCInferenceService");
  const head = { name: "text", datatype: "BYTES", shape: [1, 1], parameters: { content_type: { string_param: "base64" } } };
  const bytes = Buffer.from("UHl0aG9uIGlzIGZ1bg==");
  const typed = { model_name: "words", inputs: [{ ...head, contents: { bytes_contents: [bytes] } }] };
  expect(await client.ask("ModelInfer", typed)).toMatchObject({ outputs: [{ contents: { bytes_contents: [Buffer.from("Python is fun")] } }] });
  const length = Buffer.of(bytes.length, 0, 0, 0);
  const raw = { model_name: "words", inputs: [head], raw_input_contents: [Buffer.concat([length, bytes])], parameters: { binary_data_output: { bool_param: false } } };
  expect(await client.ask("ModelInfer", raw)).toMatchObject({ outputs: [{ contents: { bytes_contents: [Buffer.from("Python is fun")] } }] });
});

test("pages of all models, of one, of a version; none of what is not there", async () => {
  const ask = await start();
  for (const path of ["/v2/docs", "/v2/models/sum-model/docs", "/v2/models/sum-model/versions/v1.2.3/docs"]) {
    expect(await ask(`GET ${path}`), path).toMatchObject({ status: 200, type: expect.stringContaining("html"), body: expect.stringContaining("sum-model") });
  }
  for (const path of ["/v2/models/none/docs", "/v2/models/sum-model/versions/v9/docs", "/v2/models/sum-model/more/docs", "/v2/docs/docs"]) expect(await ask(`GET ${path}`), path).toMatchObject({ status: 404 });
});

test("unloaded and loaded again by name", async () => {
  const ask = await start();
  expect(await ask("POST /v2/repository/models/sum-model/unload")).toMatchObject({ status: 200 });
  expect(await ask("GET /v2/models/sum-model")).toMatchObject({ status: 404 });
  expect(await ask("POST /v2/repository/models/sum-model/load")).toMatchObject({ status: 200 });
  expect(await ask("POST /v2/models/sum-model/infer", request())).toMatchObject({ status: 200, body: six });
});

test("a CloudEvent is answered by one", async () => {
  const ask = await start();
  const event = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "test", "ce-type": "io.seldon.serving.inference.request" };
  expect(await ask("POST /v2/models/sum-model/infer", request(), event)).toMatchObject({ status: 200, body: six });
});
