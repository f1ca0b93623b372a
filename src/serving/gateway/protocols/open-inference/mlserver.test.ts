import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";

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
