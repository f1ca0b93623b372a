import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grpcClient } from "../../src/serving/gateway/fixtures/grpc-client.ts";
import { at, makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { inferenceProto } from "../../src/serving/gateway/grpc/open-inference/infer-proto.ts";
import { pythonWith, runScript } from "./python.ts";

const script = fileURLToPath(new URL("pyfunc_protocol_models.py", import.meta.url));
const vertexRoutes = { predict: "/v1/endpoints/1:predict", health: "/healthz" };
let folder: string;

beforeAll(async () => {
  const python = await pythonWith("pyfunc", ["mlflow==3.17.2", "scikit-learn==1.9.1", "lightgbm==4.7.0"]);
  process.env["MILLRACE_GATEWAY_PYTHON"] = python;
  folder = await mkdtemp(join(tmpdir(), "millrace-pyfunc-"));
  await runScript(python, script, { FOLDER: folder, MLFLOW_DISABLE_TELEMETRY: "true" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A gateway with the models, where `model` answers requests that name none. */
async function serve(model: string, more: Parameters<typeof startOwn>[2] = {}) {
  const merged = { batching: { merge: true } };
  const models = { fares: at(join(folder, "fares"), merged), grid: at(join(folder, "grid"), merged), times: at(join(folder, "times")) };
  const gateway = await startOwn(await makeFolder(), models, { grpcPort: 0, vertexRoutes, defaultModel: model, ...more });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`${gateway.url}${path}`, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
    return { status: answer.status, body: (await answer.json()) as never };
  };
  const infer = (message: object) => grpcClient(gateway.address.grpcPort!, inferenceProto, "inference.GRPCInferenceService").ask("ModelInfer", { model_name: model, ...message });
  return { ...gateway, post, infer };
}

type Served = Awaited<ReturnType<typeof serve>>;
type Ask = (gateway: Served, given: boolean) => Promise<unknown>;

const outputs = (body: { outputs: { name: string; data: unknown[] }[] }) => Object.fromEntries(body.outputs.map(({ name, data }) => [name, data]));
const posted = async (gateway: Served, path: string, body: unknown, headers: Record<string, string> = {}): Promise<never> => {
  const answer = await gateway.post(path, body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
};

describe("a model of named columns", () => {
  const rows = [
    { distance: 1, city: "Oslo" },
    { distance: 2, city: "Rome" },
  ];
  const columns = { distance: [1, 2], city: ["Oslo", "Rome"] };
  const params = { factor: 2, mark: "?", only: [0] };
  const inputs = [
    { name: "distance", datatype: "FP64", shape: [2, 1], data: columns.distance },
    { name: "city", datatype: "BYTES", shape: [2, 1], data: columns.city },
  ];
  const split = { columns: Object.keys(columns), data: rows.map(({ distance, city }) => [distance, city]) };
  const usual = [{ price: 11, note: "Oslo!" }, { price: 2, note: "Rome!" }];
  const changed = [{ price: 12, note: "Oslo?" }, { price: 0, note: "Rome?" }];
  const byColumn = (records: typeof usual) => ({ price: records.map(({ price }) => price), note: records.map(({ note }) => note) });
  const vertex: Ask = async (gateway, given) => (await posted(gateway, vertexRoutes.predict, { instances: rows, ...(given && { parameters: params }) }))["predictions"];

  test.each<[protocol: string, ask: Ask, answer: (records: typeof usual) => unknown]>([
    ["Open Inference Protocol, REST", async (gateway, given) => outputs(await posted(gateway, "/v2/models/fares/infer", { inputs, ...(given && { parameters: params }) })), byColumn],
    [
      "Open Inference Protocol, gRPC",
      async ({ infer }, given) => {
        const parameters = given ? { factor: { double_param: 2 }, mark: { string_param: "?" }, only: { string_param: "[0]" } } : {};
        const contents = [{ fp64_contents: columns.distance }, { bytes_contents: columns.city.map((city) => Buffer.from(city)) }];
        const answer = await infer({ inputs: inputs.map(({ name, datatype, shape }, index) => ({ name, datatype, shape, contents: contents[index] })), parameters });
        const [price, note] = answer["outputs"] as [{ contents: { fp64_contents: number[] } }, { contents: { bytes_contents: Uint8Array[] } }];
        return { price: price.contents.fp64_contents, note: note.contents.bytes_contents.map((bytes) => Buffer.from(bytes).toString()) };
      },
      byColumn,
    ],
    ["plain JSON", (gateway, given) => posted(gateway, `/predict/fares${given ? `?factor=2&mark=${encodeURIComponent("?")}&only=[0]` : ""}`, rows), (records) => records],
    ["MLflow's scoring", async (gateway, given) => (await posted(gateway, "/invocations", { dataframe_records: rows, ...(given && { params }) }))["predictions"], (records) => records],
    ["Azure ML", (gateway, given) => posted(gateway, "/score", { input_data: split, ...(given && { params }) }), (records) => records],
    ["Vertex AI", vertex, (records) => records],
    ["SageMaker, of many models", async (gateway, given) => (await posted(gateway, "/invocations", { dataframe_split: split, ...(given && { params }) }, { "x-amzn-sagemaker-target-model": "fares" }))["predictions"], (records) => records],
  ])("%s answers, with params and without", async (_, ask, answer) => {
    const gateway = await serve("fares");
    expect(await ask(gateway, false)).toEqual(answer(usual));
    expect(await ask(gateway, true)).toEqual(answer(changed));
  });

  test.each<[protocol: string, path: string, body: unknown, type: string, answer: unknown]>([
    ["KServe V1 and TensorFlow Serving, rows", "/v1/models/fares:predict", { instances: rows }, "application/json", { predictions: usual }],
    ["TensorFlow Serving, columns", "/v1/models/fares:predict", { inputs: columns }, "application/json", { outputs: byColumn(usual) }],
    ["TorchServe", "/predictions/fares", rows, "application/json", usual],
    ["SageMaker, CSV", "/invocations", "distance,city\n1,Oslo\n2,Rome\n", "text/csv", { predictions: usual }],
    ["Azure ML, columns", "/score", { input_data: columns }, "application/json", usual],
  ])("%s answers; it has no place for params", async (_, path, body, type, answer) => {
    const gateway = await serve("fares");
    expect(await posted(gateway, path, body, { "content-type": type })).toEqual(answer);
  });

  test("params that do not fit are the request's fault, by each protocol in its own form", async () => {
    const { post, infer } = await serve("fares");
    const sentence = /parameters\.factor: .*factor/;
    expect(await post("/v2/models/fares/infer", { inputs, parameters: { factor: [1] } })).toMatchObject({ status: 400, body: { error: expect.stringMatching(sentence) } });
    expect(await post("/predict/fares?factor=much", rows)).toMatchObject({ status: 400, body: { error: expect.stringMatching(/"factor" is "much"/) } });
    const contents = [{ fp64_contents: columns.distance }, { bytes_contents: columns.city.map((city) => Buffer.from(city)) }];
    const typed = inputs.map(({ name, datatype, shape }, index) => ({ name, datatype, shape, contents: contents[index] }));
    await expect(infer({ inputs: typed, parameters: { factor: { bool_param: true } } })).rejects.toMatchObject({ code: 3, details: expect.stringMatching(sentence) });
  });

  test("requests of many params at once each get the answer to their own, and the others share batches", async () => {
    const gateway = await serve("fares");
    const ask = (factor: number | undefined) => posted(gateway, `/predict/fares${factor === undefined ? "" : `?factor=${factor}`}`, { distance: 10, city: "Rome" });
    const factors = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? undefined : index));
    expect(await Promise.all(factors.map(ask))).toEqual(factors.map((factor) => ({ price: 10 * (factor ?? 1), note: "Rome!" })));
  });

  test("a stream takes params; and so does a model that may leave memory", async () => {
    const { url, post } = await serve("fares", { memoryLimit: 2 ** 33 });
    const row = { inputs: inputs.map((input) => ({ ...input, shape: [1, 1], data: input.data.slice(0, 1) })), parameters: params };
    const stream = await fetch(`${url}/v2/models/fares/infer_stream`, { method: "POST", body: JSON.stringify(row) });
    const parts = (await stream.text()).split("\n").filter((line) => line.startsWith("data:"));
    expect(parts.map((part) => (JSON.parse(part.slice(5)) as { outputs: { data: unknown[] }[] }).outputs[0].data)).toEqual([["O?"], ["s?"], ["l?"], ["o?"]]);
    expect(await post("/v2/models/fares/infer", row)).toMatchObject({ status: 200, body: { outputs: [{ data: [12] }, { data: ["Oslo?"] }] } });
  });

  test("OpenAPI lists the params with their defaults, and the description is what is taken", async () => {
    const { url } = await serve("fares");
    const document = (await (await fetch(`${url}/predict/fares/openapi.json`)).json()) as { paths: Record<string, { post: { parameters: unknown } }> };
    expect(document.paths["/predict/fares"].post.parameters).toEqual([
      { name: "factor", in: "query", required: false, schema: { type: "number", default: 1 } },
      { name: "mark", in: "query", required: false, schema: { type: "string", default: "!" } },
      { name: "only", in: "query", required: false, content: { "application/json": { schema: { type: "array", items: { type: "integer" }, default: [] } } } },
    ]);
  });
});

describe("a model of one tensor", () => {
  const matrix = [[1, 2, 3], [4, 5, 6]];
  const inputs = [{ name: "x", datatype: "FP32", shape: [2, 3], data: matrix }];

  test.each<[protocol: string, ask: Ask]>([
    ["Open Inference Protocol, REST", async (gateway, given) => outputs(await posted(gateway, "/v2/models/grid/infer", { inputs, ...(given && { parameters: { scale: 2 } }) }))["total"]],
    [
      "Open Inference Protocol, gRPC",
      async ({ infer }, given) => {
        const raw = Buffer.from(Float32Array.from(matrix.flat()).buffer);
        const answer = await infer({ inputs: [{ name: "x", datatype: "FP32", shape: [2, 3] }], raw_input_contents: [raw], parameters: given ? { scale: { int64_param: 2 } } : {} });
        const [total] = answer["raw_output_contents"] as Buffer[];
        return [...new Float32Array(new Uint8Array(total).buffer)];
      },
    ],
    ["MLflow's scoring", async (gateway, given) => (await posted(gateway, "/invocations", { inputs: matrix, ...(given && { params: { scale: 2 } }) }))["predictions"]],
    ["Azure ML", (gateway, given) => posted(gateway, "/score", { input_data: matrix, ...(given && { params: { scale: 2 } }) })],
    ["Vertex AI", async (gateway, given) => (await posted(gateway, vertexRoutes.predict, { instances: matrix, ...(given && { parameters: { scale: 2 } }) }))["predictions"]],
    ["plain JSON", async (gateway, given) => (await posted(gateway, `/predict/grid${given ? "?scale=2" : ""}`, { x: matrix }))["total"]],
  ])("%s answers, with params and without", async (_, ask) => {
    const gateway = await serve("grid");
    expect(await ask(gateway, false)).toEqual([6, 15]);
    expect(await ask(gateway, true)).toEqual([12, 30]);
  });

  test.each<[protocol: string, path: string, body: unknown, answer: unknown]>([
    ["KServe V1 and TensorFlow Serving, rows", "/v1/models/grid:predict", { instances: matrix }, { predictions: [6, 15] }],
    ["the same, rows by name", "/v1/models/grid:predict", { instances: matrix.map((x) => ({ x })) }, { predictions: [6, 15] }],
    ["TensorFlow Serving, columns", "/v1/models/grid:predict", { inputs: matrix }, { outputs: [6, 15] }],
    ["SageMaker", "/invocations", { instances: matrix }, { predictions: [6, 15] }],
  ])("%s answers; it has no place for params", async (_, path, body, answer) => {
    const gateway = await serve("grid");
    expect(await posted(gateway, path, body)).toEqual(answer);
  });
});

describe("a model of points in time", () => {
  // What pandas' Timestamp(text).tz_convert("UTC").isoformat() says of each, texts without a zone being UTC.
  const forms = ["2024-01-02", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.25", "2024-01-02T03:04+01:00", "20240102T030405Z", "2024-07-02T00:00:00,5-0230"];
  const said = ["2024-01-02T00:00:00", "2024-01-02T03:04:05", "2024-01-02T03:04:05.250000", "2024-01-02T02:04:00", "2024-01-02T03:04:05", "2024-07-02T02:30:00.500000"];
  const there = ["2024-01-02T01:00:00+01:00", "2024-01-02T04:04:05+01:00", "2024-01-02T04:04:05.250000+01:00", "2024-01-02T03:04:00+01:00", "2024-01-02T04:04:05+01:00", "2024-07-02T04:30:00.500000+02:00"];
  const tensor = (texts: readonly (string | null)[]) => ({ inputs: [{ name: "when", datatype: "BYTES", shape: [texts.length, 1], data: texts }] });
  const column = (records: readonly Record<string, unknown>[], name: string) => records.map((record) => record[name]);

  test("takes ISO 8601 in every form, mixed in one request, by every protocol; what leaves has its zone", async () => {
    const gateway = await serve("times");
    const oip = outputs(await posted(gateway, "/v2/models/times/infer", tensor([...forms, null])));
    expect([oip["said"], oip["there"]]).toEqual([[...said, ""], [...there, ""]]);
    expect(oip["next"][0]).toMatch(/^2024-01-03T00:00:00(\.0+)?$/);
    const records = forms.map((when) => ({ when }));
    const doors: [what: string, path: string, body: unknown, headers?: Record<string, string>][] = [
      ["split", "/invocations", { dataframe_split: { columns: ["when", "n"], data: forms.map((when) => [when, 1]) } }],
      ["records", "/invocations", { dataframe_records: records }],
      ["columns", "/invocations", { inputs: { when: forms } }],
      ["CSV", "/invocations", `when\n${forms.map((one) => `"${one}"`).join("\n")}\n`, { "content-type": "text/csv" }],
      ["SageMaker's CSV", "/invocations", forms.map((one) => `"${one}",1.5`).join("\n"), { "content-type": "text/csv" }],
      ["JSON Lines", "/invocations", records.map((record) => JSON.stringify(record)).join("\n"), { "content-type": "application/jsonlines", accept: "application/json" }],
      ["V1", "/v1/models/times:predict", { instances: records }],
      ["Azure", "/score", { Inputs: { data: records } }],
      ["Vertex AI", vertexRoutes.predict, { instances: records }],
    ];
    for (const [what, path, body, headers] of doors) {
      const answer: { predictions?: Record<string, unknown>[]; Results?: Record<string, unknown>[] } = await posted(gateway, path, body, headers);
      expect(column((answer.predictions ?? answer.Results)!, "said"), what).toEqual(said);
    }
  });

  test.each([["01/02/2020"], ["now"], ["2020"], ["2024-13-01"], ["2024-01-02T25:00Z"]])("refuses %s, and names the cell", async (text) => {
    const { post } = await serve("times");
    const sentence = new RegExp(`"when.*data\\[1\\] is .*${text.replaceAll("/", "\\/")}.*it takes dates and times of ISO 8601`);
    expect(await post("/v2/models/times/infer", tensor(["2024-01-02", text]))).toMatchObject({ status: 400, body: { error: expect.stringMatching(sentence) } });
    expect(await post("/invocations", { dataframe_records: [{ when: "2024-01-02" }, { when: text }] })).toMatchObject({ status: 400, body: { message: expect.stringMatching(sentence) } });
    expect(await post("/predict/times", [{ when: "2024-01-02" }, { when: text }])).toMatchObject({ status: 400 });
  });
});

test("a request without rows is answered without rows, whatever the model would make of it", async () => {
  const { post } = await serve("fares");
  const none = { dataframe_split: { columns: ["distance", "city"], data: [] } };
  expect(await post("/invocations", none)).toEqual({ status: 200, body: { predictions: [] } });
  expect(await post("/invocations", { dataframe_records: [] })).toEqual({ status: 200, body: { predictions: [] } });
  expect(await post("/v1/models/fares:predict", { instances: [] })).toEqual({ status: 200, body: { predictions: [] } });
  expect(await post("/predict/fares", { distance: [], city: [] })).toEqual({ status: 200, body: { price: [], note: [] } });
  expect(await post("/predict/grid", { x: [] })).toEqual({ status: 200, body: { total: [] } });
});
