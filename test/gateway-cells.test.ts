import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Client, credentials } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { describe, expect, onTestFinished, test } from "vitest";
import { onnxProto } from "../src/training/onnx/onnx-proto.ts";
import { config, endpoint, makeHome, modelFile, startProcess, trip, variant } from "../src/serving/gateway/fixtures/gateway-process.ts";
import { at, makeFolder, startOwn } from "../src/serving/gateway/fixtures/own-gateway.ts";
import { parseProto } from "../src/serving/gateway/grpc/define-service.ts";
import { servingProtos } from "../src/serving/gateway/grpc/tf-serving/serving-proto.ts";
import { inferenceProto } from "../src/serving/gateway/grpc/open-inference/infer-proto.ts";

const double = 11;
const string = 8;

/** A model that gives its inputs back as texts and doubles: `NAME` is `echo NAME`. */
async function writeEcho(file: string, features: readonly { readonly name: string; readonly type: string; readonly reading?: object; readonly categories?: readonly string[] }[]): Promise<void> {
  const value = (name: string, type: string) => ({
    name,
    type: { tensor_type: { elem_type: type === "category" ? string : double, shape: { dim: [{ dim_param: "rows" }, { dim_value: 1 }] } } },
  });
  const model = protobuf.parse(onnxProto, { keepCase: true }).root.lookupType("onnx.ModelProto");
  const made = model.fromObject({
    ir_version: 8,
    opset_import: [{ domain: "", version: 17 }],
    graph: {
      name: "echo",
      node: features.map(({ name }) => ({ op_type: "Identity", input: [name], output: [`echo ${name}`] })),
      input: features.map(({ name, type }) => value(name, type)),
      output: features.map(({ name, type }) => value(`echo ${name}`, type)),
    },
    metadata_props: [{ key: "millrace.signature", value: JSON.stringify({ task: "regression", target: "y", features }) }],
  });
  await writeFile(file, model.encode(made).finish());
}

async function query(home: string, sql: string): Promise<unknown[][]> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    return (await connection.runAndReadAll(sql.replace("LOG", `read_parquet('${join(home, "predictions")}/*/*/*.parquet', union_by_name = true)`))).getRowsJson();
  } finally {
    connection.closeSync();
  }
}

const post = async (url: string, body: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await fetch(url, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
  return { status: answer.status, text: await answer.text(), ignored: answer.headers.get("x-ignored-inputs"), unseen: answer.headers.get("x-unseen-categories") };
};

describe("points in time", () => {
  const noon = Date.UTC(2024, 1, 1, 12);

  async function start() {
    const folder = await makeFolder();
    await writeEcho(join(folder, "times.onnx"), [{ name: "when", type: "timestamp", reading: { type: "timestamp", order: "dmy" } }]);
    return { folder, ...(await startOwn(folder, { times: at(join(folder, "times.onnx")) }, { logPredictions: true })) };
  }

  test("are announced as texts, and taken as texts and numbers by every door", async () => {
    const { url } = await start();
    const metadata = (await (await fetch(`${url}/v2/models/times`)).json()) as { inputs: unknown };
    expect(metadata.inputs).toEqual([{ name: "when", datatype: "BYTES", shape: [-1, 1] }]);
    expect(await (await fetch(`${url}/v1/models/times/metadata`)).text()).toContain("DT_STRING");
    const tensor = (datatype: string, data: unknown[]) => ({ inputs: [{ name: "when", datatype, shape: [data.length, 1], data }] });
    const answers = await Promise.all([
      post(`${url}/v2/models/times/infer`, tensor("BYTES", ["2024-02-01T12:00:00Z"])),
      post(`${url}/v2/models/times/infer`, tensor("INT64", [noon])),
      post(`${url}/v2/models/times/infer`, tensor("FP64", [noon / 1000])),
      post(`${url}/v1/models/times:predict`, { instances: [{ when: "01/02/2024 12:00" }] }),
      post(`${url}/predict/times`, { when: "2024-02-01 13:00:00+01:00" }),
      post(`${url}/invocations`, "when\n2024-02-01 12:00:00\n", { "content-type": "text/csv" }),
      post(`${url}/predictions/times`, { when: String(noon) }),
    ]);
    for (const { status, text } of answers) expect([status, text]).toEqual([200, expect.stringContaining(String(noon))]);
    expect(await post(`${url}/predict/times`, { when: null })).toMatchObject({ status: 200, text: `{"echo when":null}` });
    expect(await post(`${url}/predict/times`, { when: 2024 })).toMatchObject({ status: 400, text: expect.stringContaining("it takes dates such as 31/12/2024") });
    expect(await post(`${url}/v2/models/times/infer`, tensor("FP32", [1.7e9]))).toMatchObject({ status: 400, text: expect.stringContaining("INT64") });
  });

  test("have an ISO date as their example, which the model takes", async () => {
    const { url } = await start();
    const document = (await (await fetch(`${url}/predict/times/openapi.json`)).json()) as { paths: Record<string, { post: { requestBody: { content: { "application/json": { example: object; schema: object } } } } }> };
    const { example, schema } = document.paths["/predict/times"].post.requestBody.content["application/json"];
    expect(example).toEqual({ when: "2026-01-31T12:00:00Z" });
    expect(JSON.stringify(schema)).toContain("dates such as 31/12/2024");
    expect(await post(`${url}/predict/times`, example)).toMatchObject({ status: 200, text: `{"echo when":${Date.UTC(2026, 0, 31, 12)}}` });
    expect(await (await fetch(`${url}/predict/times`)).text()).toContain('value="2026-01-31T12:00:00Z"');
  });

  test("are in the prediction log as milliseconds", async () => {
    const gateway = await start();
    await post(`${gateway.url}/predict/times`, { when: "2024-02-01T12:00:00Z" });
    await gateway.stop();
    expect(await query(gateway.folder, "SELECT input_when FROM LOG")).toEqual([[noon]]);
  });
});

describe("what a model does not know", () => {
  const features = [{ name: "city name", type: "category", categories: ["Oslo", "Rome"] }, { name: "kind", type: "category", categories: ["a"] }];

  async function start(more = {}) {
    const folder = await makeFolder();
    await writeEcho(join(folder, "echo.onnx"), features);
    return { folder, ...(await startOwn(folder, { echo: at(join(folder, "echo.onnx"), more), plain: at(modelFile("amount")) }, { grpcPort: 0, logPredictions: true })) };
  }
  const rows = [{ "city name": "Oslo", kind: "a", id: 1, "größe, 1": "x" }, { "city name": "Atlantis", kind: "b", id: 2, "größe, 1": "x" }, { "city name": "Ys", kind: null, id: 3, "größe, 1": null }];
  const told = { status: 200, ignored: "id, gr%C3%B6%C3%9Fe%2C%201", unseen: "city%20name=2, kind=1" };
  const tensors = Object.keys(rows[0]).map((name) => ({ name, datatype: name === "id" ? "INT64" : "BYTES", shape: [3], data: rows.map((row) => row[name as "id"]) }));

  test("is told in headers by every protocol over HTTP", async () => {
    const { url } = await start();
    const aimed = { "x-amzn-sagemaker-target-model": "echo" };
    const csv = `city name,kind,id,"größe, 1"\nOslo,a,1,x\nAtlantis,b,2,x\nYs,,3,\n`;
    const asked: [what: string, path: string, body: unknown, headers: Record<string, string>][] = [
      ["OIP", "/v2/models/echo/infer", { inputs: tensors }, {}],
      ["V1", "/v1/models/echo:predict", { instances: rows }, {}],
      ["V1 columns", "/v1/models/echo:predict", { inputs: Object.fromEntries(tensors.map(({ name, data }) => [name, data])) }, {}],
      ["/predict", "/predict/echo", rows, {}],
      ["records", "/invocations", { dataframe_records: rows }, aimed],
      ["CSV", "/invocations", csv, { ...aimed, "content-type": "text/csv" }],
      ["Azure", "/score", { input_data: { columns: Object.keys(rows[0]), data: rows.map((row) => Object.values(row)) } }, aimed],
      ["TorchServe", "/predictions/echo", rows, {}],
    ];
    for (const [what, path, body, headers] of asked) expect.soft(await post(url + path, body, headers), what).toMatchObject(told);
  });

  test("is told in the metadata that end a call of gRPC", async () => {
    const { address } = await start();
    const client = new Client(`127.0.0.1:${address.grpcPort}`, credentials.createInsecure());
    onTestFinished(() => client.close());
    const trailing = (path: string, root: protobuf.Root, type: string, message: object) =>
      new Promise<unknown>((resolve, reject) => {
        const request = root.lookupType(type);
        const call = client.makeUnaryRequest(path, () => Buffer.from(request.encode(request.fromObject(message)).finish()), (bytes) => bytes, {}, (error) => error && reject(error));
        call.on("status", ({ metadata }) => resolve({ ignored: metadata.get("x-ignored-inputs")[0], unseen: metadata.get("x-unseen-categories")[0] }));
      });
    const texts = tensors.map(({ name, data }) => ({ name, datatype: "BYTES", shape: [3], contents: { bytes_contents: data.map((value) => Buffer.from(value === null ? "" : String(value))) } }));
    const { status, ...metadata } = told;
    expect(status).toBe(200);
    expect(await trailing("/inference.GRPCInferenceService/ModelInfer", parseProto(inferenceProto), "inference.ModelInferRequest", { model_name: "echo", inputs: texts })).toEqual(metadata);
    const inputs = Object.fromEntries(texts.map(({ name, contents }) => [name, { dtype: 7, tensor_shape: { dim: [{ size: 3 }] }, string_val: contents.bytes_contents }]));
    expect(await trailing("/tensorflow.serving.PredictionService/Predict", parseProto(...servingProtos), "tensorflow.serving.PredictRequest", { model_spec: { name: "echo" }, inputs })).toEqual(metadata);
  });

  test("is counted on request, in the metrics as long as the version is served, and in the log", async () => {
    const gateway = await start();
    const answer = await gateway.infer("echo", { id: "r", inputs: tensors, parameters: { unseen: true } });
    expect(answer.body.parameters).toMatchObject({ unseen: { "city name": 2, kind: 1 } });
    expect((await gateway.infer("echo", { inputs: tensors })).body.parameters).not.toHaveProperty("unseen");
    const metric = async () => (await (await fetch(`${gateway.url}/metrics`)).text()).split("\n").filter((line) => line.startsWith("millrace_unseen"));
    expect(await metric()).toEqual(['millrace_unseen_categories_total{endpoint="echo",version="1",feature="city name"} 4', 'millrace_unseen_categories_total{endpoint="echo",version="1",feature="kind"} 2']);
    await gateway.repository.unload("echo", undefined);
    expect(await metric()).toEqual([]);
    await gateway.stop();
    expect(await query(gateway.folder, `SELECT row_index, unseen, "input_city name" FROM LOG WHERE request_id = 'r' ORDER BY 1`)).toEqual([
      ["0", null, "Oslo"],
      ["1", '["city name","kind"]', "Atlantis"],
      ["2", '["city name"]', "Ys"],
    ]);
  });

  test("is refused where the configuration says so, and left out of a model without columns where it says that", async () => {
    const { url } = await start({ unknownInputs: "refuse" });
    for (const [path, body] of [["/v2/models/echo/infer", { inputs: tensors }], ["/v1/models/echo:predict", { instances: rows }], ["/predict/echo", rows], ["/predictions/echo", rows]] as const) {
      expect.soft(await post(url + path, body), path).toMatchObject({ status: 400, text: expect.stringMatching(/no input \\"id\\"|named input: id/) });
    }
    expect(await post(`${url}/invocations`, { dataframe_records: rows }, { "x-amzn-sagemaker-target-model": "echo" })).toMatchObject({ status: 400 });
  });
});

describe("one id for many requests", () => {
  const half = config(1, endpoint("trips", variant("champion", "trips-1", 0.5), variant("challenger", "trips-2", 0.5)));

  test("does not send them all to one variant; a request that is sent again stays where it was", async () => {
    const gateway = await startProcess(await makeHome(half));
    const variants = async (distance: number) => (await gateway.infer("trips", trip(distance, 1, "Oslo", { id: "1" }))).body.parameters!.variant;
    const first: string[] = [];
    for (let distance = 0; distance < 60; distance++) first.push(await variants(distance));
    const champions = first.filter((name) => name === "champion").length;
    expect(champions).toBeGreaterThan(12);
    expect(champions).toBeLessThan(48);
    for (let distance = 0; distance < 60; distance++) expect(await variants(distance)).toBe(first[distance]);
    const plain = new Set<string | null>();
    for (let distance = 0; distance < 30; distance++) {
      const answer = await fetch(`${gateway.url}/v1/models/trips:predict`, { method: "POST", headers: { "x-request-id": "1" }, body: JSON.stringify({ instances: [{ distance, seats: 1, city: "Oslo" }] }) });
      plain.add(((await answer.json()) as { predictions: number[] }).predictions[0] === 2 * distance + 1 + 10 ? "one" : "other");
    }
    expect(plain.size).toBe(2);
  });

  test("a sticky key goes first", async () => {
    const gateway = await startProcess(await makeHome(half));
    const seen = new Set<string>();
    for (let distance = 0; distance < 20; distance++) seen.add((await gateway.infer("trips", trip(distance, 1, "Oslo", { id: "1", parameters: { sticky_key: "ann" } }))).body.parameters!.variant);
    expect(seen.size).toBe(1);
  });

  test("the log tells rows by a digest of what the model took: the same by every door, another for another row", async () => {
    const home = await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1)), endpoint("wide", variant("champion", "matrix", 1))));
    const gateway = await startProcess(home);
    await gateway.infer("trips", trip(1, 2, "Oslo", { id: "1" }));
    await gateway.infer("trips", trip(1, 2, "Oslo", { id: "1" }));
    await fetch(`${gateway.url}/predict/trips`, { method: "POST", headers: { "x-request-id": "1", "content-type": "application/json" }, body: JSON.stringify({ city: " Oslo ", seats: "2", distance: "1.0" }) });
    for (const other of [trip(2, 1, "Oslo", { id: "1" }), trip(1, 2, "Osl", { id: "1" }), trip(null, 2, "Oslo", { id: "1" }), trip(1, 2, null, { id: "1" })]) await gateway.infer("trips", other);
    await gateway.admin("flush");
    expect(await query(home, "SELECT count(*), count(DISTINCT row_digest) FROM LOG")).toEqual([["7", "5"]]);
    expect(await query(home, "SELECT count(*) FROM LOG GROUP BY row_digest ORDER BY 1 DESC LIMIT 1")).toEqual([["3"]]);
  });
});
