import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../../fixtures/gateway-process.ts";
import type { GatewayProcess } from "../../fixtures/gateway-process.ts";

const names = ["churn", "matrix", "simple", "simple_string", "picky"];
const models = config(1, endpoint("trips", variant("champion", "trips-1", 1), variant("challenger", "trips-2", 0)), ...names.map((name) => endpoint(name, variant("champion", name, 1))));

const start = async (...args: string[]): Promise<GatewayProcess> => startProcess(await makeHome(models), ...args);

async function ask(gateway: GatewayProcess, method: string, path: string, body?: unknown) {
  const answer = await fetch(gateway.url + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : (JSON.parse(text) as Record<string, unknown>) };
}

async function askRaw(gateway: GatewayProcess, model: string, body: Buffer) {
  const headers = { "inference-header-content-length": "0" };
  const answer = await fetch(`${gateway.url}/v2/models/${model}/infer`, { method: "POST", headers, body: new Uint8Array(body) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const split = Number(answer.headers.get("inference-header-content-length") ?? bytes.length);
  return { status: answer.status, body: JSON.parse(bytes.toString("utf8", 0, split)) as Record<string, unknown>, raw: bytes.subarray(split) };
}

describe("extensions of the Open Inference Protocol", () => {
  test("the server's name is a setting", async () => {
    const gateway = await start("--server-name", "triton");
    expect((await ask(gateway, "GET", "/v2")).body).toMatchObject({ name: "triton" });
  });

  test("configuration: rows left out, scalars as Triton says them, a model that is not by row as it is", async () => {
    const gateway = await start();
    expect(await ask(gateway, "GET", "/v2/models/trips/versions/trips-2/config")).toEqual({
      status: 200,
      body: {
        name: "trips",
        platform: "onnx_onnxv1",
        max_batch_size: 65_536,
        input: [
          { name: "distance", data_type: "TYPE_FP32", dims: [1], optional: false },
          { name: "seats", data_type: "TYPE_FP32", dims: [1], optional: false },
          { name: "city", data_type: "TYPE_STRING", dims: [1], optional: false },
        ],
        output: [{ name: "prediction", data_type: "TYPE_FP32", dims: [1] }],
        instance_group: [{ name: "trips", kind: "KIND_CPU", count: 1 }],
        dynamic_batching: { max_queue_delay_microseconds: 0 },
        model_transaction_policy: { decoupled: false },
      },
    });
    expect((await ask(gateway, "GET", "/v2/models/matrix/config")).body).toMatchObject({ output: [{ name: "total", dims: [1], reshape: { shape: [] } }] });
    expect((await ask(gateway, "GET", "/v2/models/nope/config")).status).toBe(404);
  });

  test("statistics: rows, requests and runs of each version", async () => {
    const gateway = await start();
    await gateway.infer("trips", trip(1, 1, "Oslo"));
    await gateway.infer("trips", { inputs: trip(1, 1, "Oslo").inputs.map((input) => ({ ...input, shape: [3], data: [1, 2, 3].map(() => input.data[0]) })) });
    await gateway.infer("trips", { inputs: [] });
    await gateway.infer("picky", { inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [2e6] }] });
    const all = (await ask(gateway, "GET", "/v2/models/stats")).body!["model_stats"] as Record<string, unknown>[];
    expect(all.map(({ name, version }) => `${String(name)} ${String(version)}`)).toEqual(["trips trips-1", "trips trips-2", ...names.map((name) => `${name} ${name}`)]);
    const [first] = (await ask(gateway, "GET", "/v2/models/trips/versions/trips-1/stats")).body!["model_stats"] as Record<string, unknown>[];
    expect(first).toMatchObject({ inference_count: 4, execution_count: 2, inference_stats: { success: { count: 2 }, fail: { count: 0 }, queue: { count: 2 } } });
    expect((first["batch_stats"] as { batch_size: number; compute_infer: { count: number; ns: number } }[]).map(({ batch_size, compute_infer }) => [batch_size, compute_infer.count])).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect(first["last_inference"]).toBeGreaterThan(Date.now() - 60_000);
    expect(all.find(({ name }) => name === "picky")).toMatchObject({ inference_count: 0, inference_stats: { success: { count: 0 }, fail: { count: 1 } } });
    expect((await ask(gateway, "GET", "/v2/models/trips/stats")).body!["model_stats"]).toHaveLength(2);
    expect((await ask(gateway, "GET", "/v2/models/trips/versions/9/stats")).status).toBe(404);
  });

  test("repository: the index, and changes refused by a gateway that a server manages", async () => {
    const gateway = await start();
    for (const [path, body] of [
      ["/v2/repository/index", undefined],
      ["/v2/repository/index", { ready: true }],
      ["/v2/repository/models/index", {}],
      ["/v2/repository/mine/index", {}],
    ] as const) {
      const { body: index } = await ask(gateway, "POST", path, body);
      expect(index, path).toContainEqual({ name: "trips", version: "trips-2", state: "READY", reason: "" });
      expect(index).toHaveLength(7);
    }
    for (const path of ["/v2/repository/models/trips/load", "/v2/repository/mine/models/trips/load", "/v2/repository/models/models/trips/load"]) {
      expect(await ask(gateway, "POST", path)).toEqual({ status: 403, body: { error: expect.stringMatching(/^failed to load 'trips', The models of this gateway are managed/) } });
    }
    expect(await ask(gateway, "POST", "/v2/repository/models/trips/unload", {})).toMatchObject({ status: 403, body: { error: expect.stringMatching(/^failed to unload 'trips'/) } });
    const load = (parameters: unknown) => ask(gateway, "POST", "/v2/repository/models/trips/load", { parameters });
    const wrong: [unknown, RegExp][] = [
      [{ config: "{{" }, /^failed to load 'trips', the configuration is not JSON/],
      [{ config: "[]" }, /the configuration must be a JSON object with instance_group/],
      [{ config: '{"max_batch_size": "16"}' }, /sets max_batch_size; what can be set is instance_group \(count\) and version_policy/],
      [{ config: '{"instance_group": [{"count": 0}]}' }, /instance_group must be a list such as/],
      [{ config: '{"version_policy": {"newest": 1}}' }, /version_policy must be/],
      [{ "file:1/model.onnx": "AAAA" }, /the parameter "file:1\/model.onnx" brings a file of the model/],
    ];
    for (const [parameters, message] of wrong) {
      expect(await load(parameters)).toEqual({ status: 400, body: { error: expect.stringMatching(message) } });
    }
    expect((await ask(gateway, "GET", "/v2/repository/index")).status).toBe(405);
    expect((await ask(gateway, "POST", "/v2/repository/index", [])).status).toBe(400);
    expect(await ask(gateway, "POST", "/v2/repository/index", { ready: [[true]] })).toMatchObject({ status: 400, body: { error: "Invalid value for 'ready': expected a boolean, not a list." } });
    for (const path of ["/v2/repository", "/v2/repository/models/trips", "/v2/repository/models/trips/reload", "/v2/repository/a/b/c/d/e"]) {
      expect((await ask(gateway, "POST", path, {})).status, path).toBe(404);
    }
  });

  test("a raw request is one row of the only input, answered in binary", async () => {
    const gateway = await start();
    const answer = await askRaw(gateway, "picky", Buffer.from(Float32Array.of(7).buffer));
    expect(answer).toMatchObject({ status: 200, body: { outputs: [{ name: "prediction", datatype: "FP32", shape: [1, 1], parameters: { binary_data_size: 4 } }] } });
    expect(answer.raw.readFloatLE(0)).toBe(7);
    const long = await askRaw(gateway, "picky", Buffer.from(Float32Array.of(7, 8).buffer));
    expect(long).toMatchObject({ status: 400, body: { error: expect.stringMatching(/1 elements of FP32 take 4 bytes, and the body has 8/) } });
    const two = await askRaw(gateway, "simple", Buffer.alloc(64));
    expect(two).toMatchObject({ status: 400, body: { error: expect.stringMatching(/must go to a model with one input, and this one has 2/) } });
  });

  test("classification: the largest elements per row with index and label", async () => {
    const gateway = await start();
    const rows = (classification: unknown, name = "probabilities") =>
      gateway.infer("churn", {
        inputs: trip(1, 1, "").inputs.map((input) => ({ ...input, shape: [2], data: { distance: [100, 0], seats: [0, 0], city: ["Oslo", ""] }[input.name] })),
        outputs: [{ name, parameters: { classification } }],
      });
    expect((await rows(1)).body.outputs).toEqual([{ name: "probabilities", datatype: "BYTES", shape: [2, 1], data: ["1:1:yes", "1:0:no"] }]);
    expect((await rows(5)).body.outputs?.[0].shape).toEqual([2, 2]);
    expect((await rows(0)).body.outputs?.[0].datatype).toBe("FP32");
    expect((await rows(-1)).body.error).toMatch(/outputs\[0\]\.parameters\.classification is -1; it must be the number of classes/);
    expect((await rows(1, "label")).body.error).toMatch(/"label" is of BYTES; classification takes outputs of numbers/);
    const largest = await gateway.infer("simple", {
      inputs: ["INPUT0", "INPUT1"].map((name) => ({ name, datatype: "INT32", shape: [1, 16], data: Array.from({ length: 16 }, (_, i) => (i * 7) % 16) })),
      outputs: [{ name: "OUTPUT0", parameters: { classification: 3 } }],
    });
    expect(largest.body.outputs?.[0].data).toEqual(["30:9", "28:2", "26:11"]);
  });

  test("parameters of a request: priority and timeout are numbers, sequences are refused", async () => {
    const gateway = await start();
    const said = async (parameters: unknown) => (await gateway.infer("trips", trip(1, 1, "Oslo", { parameters }))).body.error;
    expect(await said({ priority: 1, timeout: 60_000_000, sequence_id: 0, sequence_start: false, of_somebody: "else" })).toBeUndefined();
    expect(await said({ priority: "high" })).toMatch(/parameters.priority is "high"; it must be an integer/);
    expect(await said({ timeout: -1 })).toMatch(/parameters.timeout is -1; it must be an integer \(microseconds/);
    for (const sequence of [{ sequence_id: 7 }, { sequence_id: "s" }, { sequence_start: true }, { sequence_end: true }]) {
      expect(await said(sequence)).toMatch(/ask for a model that keeps state between requests; there is none here/);
    }
  });
});
