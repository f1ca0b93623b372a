import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../fixtures/gateway-process.ts";
import { grpcClient } from "../../fixtures/grpc-client.ts";
import type { Message, TestClient } from "../../fixtures/grpc-client.ts";
import { inferenceProto } from "./infer-proto.ts";

const models = config(
  1,
  endpoint("trips", variant("champion", "trips-1", 1), variant("challenger", "trips-2", 0)),
  ...["churn", "matrix", "picky", "simple", "simple_int8", "simple_string"].map((name) => endpoint(name, variant("champion", name, 1))),
);

async function start(...args: string[]): Promise<TestClient> {
  const gateway = await startProcess(await makeHome(models), ...args);
  return grpcClient(gateway.address.grpcPort!, inferenceProto, "inference.GRPCInferenceService");
}

const bytes = (...values: string[]) =>
  Buffer.concat(values.flatMap((value) => [Buffer.from(Uint32Array.of(Buffer.byteLength(value)).buffer), Buffer.from(value)]));
const raw = (array: ArrayBufferView) => Buffer.from(array.buffer);
const upTo16 = Array.from({ length: 16 }, (_, i) => i);

/** A request to one of the models that add and subtract. */
const sums = (model: string, datatype: string, field: string, values: readonly unknown[], more: Message = {}): Message => ({
  model_name: model,
  inputs: ["INPUT0", "INPUT1"].map((name) => ({ name, datatype, shape: [1, 16], contents: { [field]: values } })),
  ...more,
});

const trip = (more: Message = {}): Message => ({
  model_name: "trips",
  id: "r1",
  inputs: [
    { name: "distance", datatype: "FP32", shape: [2], contents: { fp32_contents: [1.5, NaN] } },
    { name: "seats", datatype: "INT64", shape: [2, 1], contents: { int64_contents: [1, -3] } },
    { name: "city", datatype: "BYTES", shape: [2], contents: { bytes_contents: [Buffer.from("Rome"), Buffer.from("Åre")] } },
  ],
  ...more,
});

describe("Open Inference Protocol over gRPC", () => {
  test("health, metadata, configuration", async () => {
    const client = await start("--server-name", "triton");
    expect(await client.ask("ServerLive")).toEqual({ live: true });
    expect(await client.ask("ServerReady")).toEqual({ ready: true });
    expect(await client.ask("ServerMetadata")).toMatchObject({ name: "triton", extensions: expect.arrayContaining(["model_configuration", "statistics"]) });
    expect(await client.ask("ModelReady", { name: "trips" })).toEqual({ ready: true });
    expect(await client.ask("ModelReady", { name: "trips", version: "trips-2" })).toEqual({ ready: true });
    expect(await client.ask("ModelReady", { name: "trips", version: "9" })).toEqual({});
    expect(await client.ask("ModelReady", { name: "nope" })).toEqual({});
    expect(await client.ask("ModelMetadata", { name: "simple" })).toEqual({
      name: "simple",
      versions: ["simple"],
      platform: "onnx_onnxv1",
      inputs: ["INPUT0", "INPUT1"].map((name) => ({ name, datatype: "INT32", shape: [-1, 16] })),
      outputs: ["OUTPUT0", "OUTPUT1"].map((name) => ({ name, datatype: "INT32", shape: [-1, 16] })),
      parameters: { batch_axis: { int64_param: 0 }, independent_rows: { bool_param: true } },
    });
    expect(await client.ask("ModelConfig", { name: "churn" })).toMatchObject({
      config: {
        name: "churn",
        platform: "onnx_onnxv1",
        max_batch_size: 65_536,
        input: [{ name: "distance", data_type: "TYPE_FP32", dims: [1] }, { name: "seats" }, { name: "city", data_type: "TYPE_STRING" }],
        output: [{ name: "label", data_type: "TYPE_STRING" }, { name: "probabilities", dims: [2] }],
        instance_group: [{ name: "churn", count: 1, kind: "KIND_CPU" }],
        dynamic_batching: {},
      },
    });
    expect(await client.ask("ModelConfig", { name: "matrix" })).toMatchObject({ config: { output: [{ name: "total", dims: [1], reshape: {} }] } });
  });

  test("typed contents come back typed, raw ones raw, and a parameter says otherwise", async () => {
    const client = await start();
    expect(await client.ask("ModelInfer", trip())).toEqual({
      model_name: "trips",
      model_version: "trips-1",
      id: "r1",
      parameters: { variant: { string_param: "champion" } },
      outputs: [{ name: "prediction", datatype: "FP32", shape: [2, 1], contents: { fp32_contents: [24, -3] } }],
    });
    const wanted = trip({ model_version: "trips-2", parameters: { binary_data_output: { bool_param: true } } });
    expect(await client.ask("ModelInfer", wanted)).toMatchObject({
      model_version: "trips-2",
      outputs: [{ name: "prediction", datatype: "FP32", shape: [2, 1] }],
      raw_output_contents: [raw(Float32Array.of(1024, 997))],
    });
    const inputs = (trip()["inputs"] as Message[]).map((input) => ({ ...input, contents: undefined }));
    const asRaw = trip({ inputs, raw_input_contents: [raw(Float32Array.of(1, 2)), raw(BigInt64Array.of(1n, 2n)), bytes("Oslo", "")] });
    const answer = await client.ask("ModelInfer", asRaw);
    expect(answer["raw_output_contents"]).toEqual([raw(Float32Array.of(13, 6))]);
    expect(answer["outputs"]).toEqual([{ name: "prediction", datatype: "FP32", shape: [2, 1] }]);
  });

  test.each<[string, string, string, unknown[], (i: number) => unknown]>([
    ["simple", "INT32", "int_contents", [...upTo16.keys()].map((i) => i - 8), (i: number) => 2 * (i - 8)],
    ["simple_int8", "INT8", "int_contents", [...upTo16.keys()].map((i) => 3 - i), (i: number) => 2 * (3 - i)],
    ["simple_string", "BYTES", "bytes_contents", upTo16.map((i) => Buffer.from(String(i))), (i: number) => Buffer.from(String(2 * i))],
  ])("%s takes and gives %s", async (model, datatype, field, values, sum) => {
    const client = await start();
    const answer = await client.ask("ModelInfer", sums(model, datatype, field, values));
    const [first, second] = answer["outputs"] as Message[];
    expect(first).toEqual({ name: "OUTPUT0", datatype, shape: [1, 16], contents: { [field]: upTo16.map((i) => sum(i)) } });
    expect(second).toMatchObject({ name: "OUTPUT1", contents: { [field]: upTo16.map(() => (datatype === "BYTES" ? Buffer.from("0") : 0)) } });
  });

  test("FP16 comes raw, outputs in the order asked for, the largest classes with their labels", async () => {
    const client = await start();
    const inputs = [
      { name: "distance", datatype: "FP16", shape: [2, 1] },
      { name: "seats", datatype: "UINT8", shape: [2, 1] },
      { name: "city", datatype: "BYTES", shape: [2, 1] },
    ];
    const answer = await client.ask("ModelInfer", {
      model_name: "churn",
      inputs,
      raw_input_contents: [raw(Float16Array.of(100, -0.5)), Buffer.of(0, 7), bytes("Oslo", "Rome")],
      outputs: [{ name: "probabilities", parameters: { classification: { int64_param: 1 } } }, { name: "label" }],
    });
    expect(answer["outputs"]).toEqual([
      { name: "probabilities", datatype: "BYTES", shape: [2, 1] },
      { name: "label", datatype: "BYTES", shape: [2, 1] },
    ]);
    expect(answer["raw_output_contents"]).toEqual([bytes("1:1:yes", "1:0:no"), bytes("yes", "no")]);
  });

  test("statistics count what was asked; the repository lists what there is and is not changed by clients", async () => {
    const client = await start();
    const request = sums("simple", "INT32", "int_contents", upTo16);
    for (let i = 0; i < 3; i++) await client.ask("ModelInfer", request);
    await expect(client.ask("ModelInfer", { ...request, inputs: [] })).rejects.toThrow(/at least one/);
    const [stats] = (await client.ask("ModelStatistics", { name: "simple" }))["model_stats"] as Message[];
    expect(stats).toMatchObject({
      name: "simple",
      version: "simple",
      inference_count: 3,
      inference_stats: { success: { count: 3, ns: expect.any(Number) }, queue: { count: 3 } },
      batch_stats: [{ batch_size: 1, compute_infer: { count: 3 } }],
    });
    expect((await client.ask("ModelStatistics"))["model_stats"]).toHaveLength(8);
    expect((await client.ask("RepositoryIndex", { ready: true }))["models"]).toContainEqual({ name: "trips", version: "trips-2", state: "READY" });
    await expect(client.ask("RepositoryModelLoad", { model_name: "simple" })).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringMatching(/^failed to load 'simple', The models of this gateway are managed/),
    });
    await expect(client.ask("RepositoryModelUnload", { model_name: "simple" })).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    const config = { config: { string_param: '{"max_batch_size": 16}' } };
    await expect(client.ask("RepositoryModelLoad", { model_name: "simple", parameters: config })).rejects.toThrow(/failed to load 'simple', the configuration sets max_batch_size/);
  });

  const simple = (change: Message, more: Message = {}) => {
    const [first, ...rest] = sums("simple", "INT32", "int_contents", upTo16)["inputs"] as Message[];
    return { model_name: "simple", inputs: [{ ...first, ...change }, ...rest], ...more };
  };
  const oneRaw = raw(new Int32Array(16));
  test.each<[string, Message, RegExp, status?]>([
    ["a model that is not there", { ...simple({}), model_name: "nope" }, /Request for unknown model: 'nope' is not found; there is: /, status.NOT_FOUND],
    ["a version that is not there", simple({}, { model_version: "7" }), /unknown model: 'simple' version 7 is not found; there is: /, status.NOT_FOUND],
    ["no inputs", { model_name: "simple" }, /at least one tensor/],
    ["a datatype that is none", simple({ datatype: "FLOAT" }), /inputs\[0\] \("INPUT0"\): the datatype "FLOAT" must be one of BOOL/],
    ["contents of another datatype", simple({ contents: { fp32_contents: [1] } }), /INT32 comes in contents.int_contents, not in fp32_contents/],
    ["FP16 typed", simple({ datatype: "FP16" }), /FP16 has no typed contents; send it in raw_input_contents/],
    ["too few elements", simple({ contents: { int_contents: [1, 2] } }), /asks for 16 elements, and contents.int_contents has 2/],
    ["no elements", simple({ contents: {} }), /asks for 16 elements, and contents.int_contents has 0/],
    ["a number beyond its datatype", simple({ datatype: "INT8", contents: { int_contents: [...upTo16.slice(1), 200] } }), /contents.int_contents\[15\] is 200; INT8 takes integers from -128 to 127/],
    ["a negative dimension", simple({ shape: [-1, 16] }), /has the dimension -1/],
    ["an input twice", simple({ name: "INPUT1" }), /\("INPUT1"\) is there twice/],
    ["raw and typed", simple({}, { raw_input_contents: [oneRaw, oneRaw] }), /contents field must not be specified when using raw_input_contents for 'INPUT0' for model 'simple'/],
    ["raw for one of two", simple({}, { raw_input_contents: [oneRaw] }), /raw_input_contents has 1 elements for 2 inputs/],
    ["an output that is not there", simple({}, { outputs: [{ name: "OUT" }] }), /no output "OUT"/],
    ["an output twice", simple({}, { outputs: [{ name: "OUTPUT0" }, { name: "OUTPUT0" }] }), /outputs\[1\]: "OUTPUT0" is there twice/],
    ["a sequence", simple({}, { parameters: { sequence_id: { int64_param: 5 } } }), /a model that keeps state between requests/],
    ["a timeout in words", simple({}, { parameters: { timeout: { string_param: "soon" } } }), /parameters.timeout is "soon"; it must be an integer \(microseconds/],
    ["classes of text", trip({ model_name: "churn", outputs: [{ name: "label", parameters: { classification: { int64_param: 1 } } }] }), /"label" is of BYTES; classification takes outputs of numbers/],
    ["a model that fails", { model_name: "picky", inputs: [{ name: "amount", datatype: "FP32", shape: [1], contents: { fp32_contents: [2e6] } }] }, /failed to score the request/, status.INTERNAL],
  ])("%s is said so", async (_, request, details, code = status.INVALID_ARGUMENT) => {
    const client = await start();
    const error = await client.ask("ModelInfer", request).then(
      () => undefined,
      (failure: ServiceError) => failure,
    );
    expect(error?.details).toMatch(details);
    expect(error?.code).toBe(code);
  });

  test("a stream answers in the order of the requests, errors among them", async () => {
    const client = await start();
    const stream = client.open("ModelStreamInfer");
    const final = { triton_enable_empty_final_response: { bool_param: true } };
    for (let i = 0; i < 100; i++) stream.write(sums(i === 50 ? "nope" : "simple", "INT32", "int_contents", upTo16, { id: `r${i}`, ...(i === 99 && { parameters: final }) }));
    stream.end();
    const answers: Message[] = await stream.toArray();
    expect(answers.map(({ infer_response }) => (infer_response as Message)["id"])).toEqual(Array.from({ length: 100 }, (_, i) => `r${i}`));
    expect(answers.filter(({ error_message }) => error_message !== undefined)).toEqual([
      { error_message: expect.stringMatching(/unknown model/), infer_response: { id: "r50" } },
    ]);
    const parameters = answers.map(({ infer_response }) => (infer_response as Message)["parameters"] as Message | undefined);
    expect(parameters[99]).toEqual({ variant: { string_param: "champion" }, triton_final_response: { bool_param: true } });
    expect(parameters[98]).toEqual({ variant: { string_param: "champion" } });
  });
});
