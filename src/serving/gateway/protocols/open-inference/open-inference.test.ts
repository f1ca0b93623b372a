import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../../fixtures/gateway-process.ts";
import type { GatewayProcess } from "../../fixtures/gateway-process.ts";

const models = config(
  1,
  endpoint("trips", variant("champion", "trips-1", 1), variant("challenger", "trips-2", 0)),
  endpoint("churn", variant("champion", "churn", 1)),
  endpoint("matrix", variant("champion", "matrix", 1)),
  endpoint("picky", variant("champion", "picky", 1)),
  endpoint("my model/é", variant("champion", "trips-1", 1)),
);

const start = async (...args: string[]): Promise<GatewayProcess> => startProcess(await makeHome(models), ...args);

const get = async (gateway: GatewayProcess, path: string) => {
  const answer = await fetch(gateway.url + path);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

/** A binary infer request: JSON, then raw tensors. */
async function binaryInfer(gateway: GatewayProcess, header: unknown, raw: Buffer[], headerLength?: string) {
  const json = Buffer.from(JSON.stringify(header));
  const answer = await fetch(`${gateway.url}/v2/models/churn/infer`, {
    method: "POST",
    headers: { "inference-header-content-length": headerLength ?? String(json.length) },
    body: Buffer.concat([json, ...raw]),
  });
  const body = Buffer.from(await answer.arrayBuffer());
  const split = Number(answer.headers.get("inference-header-content-length") ?? body.length);
  return { status: answer.status, body: JSON.parse(body.toString("utf8", 0, split)), raw: body.subarray(split) };
}

const bytes = (...values: string[]) =>
  Buffer.concat(
    values.flatMap((value) => [Buffer.from(Uint32Array.of(Buffer.byteLength(value)).buffer), Buffer.from(value)]),
  );
const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer);

describe("Open Inference Protocol", () => {
  test("health, metadata and the front page", async () => {
    const gateway = await start();
    expect(await get(gateway, "/v2")).toMatchObject({
      status: 200,
      body: {
        name: "millrace",
        extensions: ["binary_tensor_data", "classification", "model_configuration", "model_repository", "schedule_policy", "statistics"],
      },
    });
    expect(await get(gateway, "/v2/health/live")).toEqual({ status: 200, body: { live: true } });
    expect(await get(gateway, "/v2/health/ready")).toEqual({ status: 200, body: { ready: true } });
    expect(await get(gateway, "/v2/models")).toEqual({
      status: 200,
      body: { models: ["trips", "churn", "matrix", "picky", "my model/é"] },
    });
    expect(await get(gateway, "/v2/models/churn/versions/churn/ready")).toEqual({
      status: 200,
      body: { name: "churn", ready: true },
    });
    expect((await get(gateway, "/v2/models/churn")).body).toEqual({
      name: "churn",
      versions: ["churn"],
      platform: "onnx_onnxv1",
      parameters: { batch_axis: 0, independent_rows: true },
      inputs: [
        { name: "distance", datatype: "FP32", shape: [-1, 1] },
        { name: "seats", datatype: "FP32", shape: [-1, 1] },
        { name: "city", datatype: "BYTES", shape: [-1, 1] },
      ],
      outputs: [
        { name: "label", datatype: "BYTES", shape: [-1, 1] },
        { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
      ],
    });
    expect((await get(gateway, "/")).body["paths"]).toContain("/v2/models/{model}/infer");
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain("# TYPE millrace_inference_duration_seconds histogram");
  });

  test("infer in JSON: datatypes, missing values, nested data, ids, names in the path", async () => {
    const gateway = await start();
    const inputs = [
      { name: "distance", datatype: "FP64", shape: [3, 1], data: [[1.5], [0.1], [null]] },
      { name: "seats", datatype: "BOOL", shape: [3], data: [true, false, null] },
      { name: "city", datatype: "BYTES", shape: [3, 1], data: ["Rome", null, "Oslo"] },
    ];
    const answer = await gateway.infer("trips", { id: "r1", inputs });
    expect(answer).toEqual({
      status: 200,
      body: {
        model_name: "trips",
        model_version: "trips-1",
        id: "r1",
        parameters: { variant: "champion" },
        outputs: [{ name: "prediction", datatype: "FP32", shape: [3, 1], data: [24, 0.2, 10] }],
      },
    });
    expect((await gateway.infer("my%20model%2F%C3%A9", trip(1, 1, "Oslo"))).body.outputs?.[0].data).toEqual([13]);
    const unnamed = await gateway.infer("trips", trip(1, 1, "Oslo"));
    expect(unnamed.body.id).toMatch(/^[0-9a-f-]{36}$/);
    const versioned = await gateway.infer("trips/versions/trips-2", trip(1, 1, "Oslo"));
    expect(versioned.body).toMatchObject({
      model_version: "trips-2",
      parameters: { variant: "challenger" },
      outputs: [{ data: [1013] }],
    });
  });

  test("integers as a category become decimal strings", async () => {
    const gateway = await start();
    const body = trip(1, 1, "");
    body.inputs[2] = { name: "city", datatype: "INT64", shape: [1], data: [7] as never };
    expect((await gateway.infer("trips", body)).body.outputs?.[0].data).toEqual([3]);
  });

  test("models with several columns per input and other number types", async () => {
    const gateway = await start();
    const ask = (
      count: unknown,
      features = [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ) =>
      gateway.infer("matrix", {
        inputs: [
          { name: "features", datatype: "FP32", shape: [2, 3], data: features },
          { name: "rank", datatype: "FP32", shape: [2], data: [10, 20] },
          { name: "count", datatype: "INT64", shape: [2], data: [100, count] },
        ],
      });
    expect((await ask(200)).body.outputs).toEqual([{ name: "total", datatype: "FP32", shape: [2], data: [116, 235] }]);
    expect((await ask(null)).body.error).toMatch(/"count" has a missing value at position 1; the model takes integers/);
    const flat = await gateway.infer("matrix", {
      inputs: [
        { name: "features", datatype: "FP32", shape: [3], data: [1, 2, 3] },
        { name: "rank", datatype: "FP64", shape: [1], data: [1] },
        { name: "count", datatype: "UINT8", shape: [1], data: [1] },
      ],
    });
    expect(flat.body.error).toMatch(/"features" has the shape \[3\]; it must be \[N, 3\]/);
  });

  test("only the outputs asked for come back, in that order", async () => {
    const gateway = await start();
    const ask = async (...names: string[]) =>
      (
        await gateway.infer("churn", trip(1, 1, "Oslo", { outputs: names.map((name) => ({ name })) }))
      ).body.outputs?.map((o) => o.name);
    expect(await ask("probabilities")).toEqual(["probabilities"]);
    expect(await ask("probabilities", "label")).toEqual(["probabilities", "label"]);
  });

  test("binary tensors in and out, per request and per output", async () => {
    const gateway = await start();
    const [distance, seats, city] = [
      floats(30, NaN),
      Buffer.from(BigInt64Array.of(1n, 2n).buffer),
      bytes("Oslo", "Åre"),
    ];
    const tensor = (name: string, datatype: string, raw: Buffer) => ({
      name,
      datatype,
      shape: [2, 1],
      parameters: { binary_data_size: raw.length },
    });
    const inputs = [
      tensor("distance", "FP32", distance),
      tensor("seats", "INT64", seats),
      tensor("city", "BYTES", city),
    ];
    const all = await binaryInfer(gateway, { inputs, parameters: { binary_data_output: true } }, [
      distance,
      seats,
      city,
    ]);
    expect(all.status).toBe(200);
    expect(all.body.outputs.map((o: { parameters: unknown }) => o.parameters)).toEqual([
      { binary_data_size: 13 },
      { binary_data_size: 16 },
    ]);
    expect(all.raw.subarray(0, 13)).toEqual(bytes("yes", "no"));
    expect(all.raw.readFloatLE(13 + 4)).toBeCloseTo(1, 5);
    const outputs = [{ name: "label", parameters: { binary_data: false } }, { name: "probabilities" }];
    const some = await binaryInfer(gateway, { inputs, outputs, parameters: { binary_data_output: true } }, [
      distance,
      seats,
      city,
    ]);
    expect(some.body.outputs[0].data).toEqual(["yes", "no"]);
    expect(some.raw).toHaveLength(16);
  });

  test("a compressed body is read, an unknown compression is refused", async () => {
    const gateway = await start();
    const send = (encoding: string, body: Buffer) =>
      fetch(`${gateway.url}/v2/models/trips/infer`, {
        method: "POST",
        headers: { "content-encoding": encoding },
        body: new Uint8Array(body),
      });
    expect((await send("gzip", gzipSync(JSON.stringify(trip(1, 1, "Oslo"))))).status).toBe(200);
    expect((await send("gzip", Buffer.from("no gzip"))).status).toBe(400);
    expect((await send("zstd", Buffer.from("x"))).status).toBe(415);
  });

  const with1 = (changes: object) => ({
    inputs: [{ ...trip(1, 1, "Oslo").inputs[0], ...changes }, ...trip(1, 1, "Oslo").inputs.slice(1)],
  });
  test("errors say what was wrong, where, and what would be right", async () => {
    const gateway = await start();
    const city = (changes: object) => ({
      inputs: [...trip(1, 1, "Oslo").inputs.slice(0, 2), { ...trip(1, 1, "Oslo").inputs[2], ...changes }],
    });
    const cases: [unknown, RegExp, number?][] = [
      [[], /must be a JSON object with "inputs", not a list/],
      ["text", /must be a JSON object/],
      [null, /not null/],
      [{}, /"inputs" must be a list of at least one tensor .*, not missing/],
      [{ inputs: [] }, /"inputs" must be a list of at least one/],
      [{ inputs: [3] }, /inputs\[0\] must be an object/],
      [{ inputs: [trip(1, 1, "").inputs[0]] }, /The inputs "seats", "city" are missing/],
      [
        { inputs: [...trip(1, 1, "").inputs.slice(0, 2), { name: "ctiy", datatype: "BYTES", shape: [1], data: ["x"] }] },
        /The input "city" is missing; .* The model does not know "ctiy", which came\./,
      ],
      [{ inputs: [...trip(1, 1, "").inputs, trip(1, 1, "").inputs[0]] }, /inputs\[3\]: "distance" is there twice/],
      [with1({ datatype: "FLOAT" }), /inputs\[0\] \("distance"\): the datatype "FLOAT" must be one of BOOL, /],
      [with1({ datatype: undefined }), /the datatype is missing and must be/],
      [with1({ datatype: "BYTES", data: ["far"] }), /"distance": data\[0\] is "far"; it takes numbers \(null for a missing one\)/],
      [with1({ data: ["1,5"] }), /"distance"\): data\[0\] is "1,5"; it takes numbers \(null for a missing one\)/],
      [with1({ datatype: "INT8", data: [300] }), /data\[0\] is 300; INT8 takes integers from -128 to 127/],
      [with1({ datatype: "INT32", data: [1.5] }), /data\[0\] is 1\.5; INT32 takes integers/],
      [with1({ shape: [-1, 1] }), /shape \[-1,1\] has the dimension -1; each must be an integer of 0 or more/],
      [with1({ shape: [1.5] }), /dimension 1\.5/],
      [with1({ shape: "1" }), /shape must be a list/],
      [with1({ shape: [] }), /has the shape \[\]; it must be \[N\] or \[N, 1\]/],
      [with1({ shape: [1e15, 1e15] }), /more elements than can be counted/],
      [with1({ shape: [2 ** 31, 1] }), /asks for 2147483648 elements, and data has 1/],
      [with1({ shape: [2] }), /the shape asks for 2 elements, and data has 1/],
      [with1({ shape: [2], data: [1, 2] }), /"seats" has 1 rows, but "distance" has 2/],
      [with1({ shape: [1, 2], data: [1, 2] }), /"distance" has the shape \[1,2\]; it must be \[N\] or \[N, 1\]/],
      [with1({ shape: [0], data: [] }), /"distance" has no rows; send at least one/],
      [with1({ data: undefined }), /"data" must be a list, not missing/],
      [city({ data: [{}] }), /data\[0\] is an object; it takes text/],
      [
        city({ datatype: "FP32", data: [16_777_217] }),
        /"city" has 16777216 at position 0, which FP32 does not tell from its neighbours; send it as a string \(BYTES\) or as INT64/,
      ],
      [trip(1, 1, "", { outputs: [{ name: "price" }] }), /no output "price"; its outputs are "prediction"/],
      [trip(1, 1, "", { outputs: {} }), /"outputs" must be a list of \{name\}, not an object/],
      [trip(1, 1, "", { id: 5 }), /"id" must be a string/],
      [trip(1, 1, "", { parameters: 5 }), /"parameters" must be an object/],
      [
        trip(1, 1, "", { parameters: { event_time: "yesterday" } }),
        /event_time is "yesterday"; it must be an ISO 8601 instant/,
      ],
      [trip(1, 1, "", { parameters: { sticky_key: {} } }), /sticky_key must be a string or a number/],
    ];
    for (const [body, message] of cases) {
      const answer = await gateway.infer("trips", body);
      expect.soft(answer.body.error, JSON.stringify(body)).toMatch(message);
      expect.soft(answer.status).toBe(400);
    }
  });

  test("paths and methods that are not there", async () => {
    const gateway = await start();
    const ask = async (method: string, path: string) => {
      const answer = await fetch(gateway.url + path, { method });
      return [answer.status, ((await answer.json()) as { error: string }).error, answer.headers.get("allow")];
    };
    expect(await ask("GET", "/v2/models/nope")).toEqual([
      404,
      expect.stringMatching(/unknown model: 'nope' is not found; there is: "trips", "churn"/),
      null,
    ]);
    expect(await ask("POST", "/v2/models/trips/versions/9/infer")).toEqual([
      400,
      expect.stringMatching(/not JSON/),
      null,
    ]);
    expect(await ask("GET", "/v2/models/trips/versions/9")).toEqual([
      404,
      `Request for unknown model: 'trips' version 9 is not found; there is: "trips-1", "trips-2".`,
      null,
    ]);
    expect(await ask("GET", "/v2/models/trips/infer")).toEqual([
      405,
      "/v2/models/trips/infer takes POST, not GET.",
      "POST",
    ]);
    expect(await ask("DELETE", "/v2/models/trips")).toEqual([405, "/v2/models/trips takes GET, not DELETE.", "GET"]);
    expect(await ask("GET", "/v2/nothing")).toEqual([
      404,
      expect.stringMatching(/nothing at \/v2\/nothing; the paths are \/v2, /),
      null,
    ]);
    expect(await ask("GET", "/v3")).toEqual([404, expect.stringMatching(/GET \/ lists the paths/), null]);
    expect(await ask("GET", "/v2/models/%zz")).toEqual([400, expect.stringMatching(/percent-encoded/), null]);
  });

  test("hostile bodies are refused and the gateway goes on", async () => {
    const gateway = await start();
    const raw = async (body: string, headers = {}) => {
      const answer = await fetch(`${gateway.url}/v2/models/trips/infer`, { method: "POST", body, headers });
      return [answer.status, ((await answer.json()) as { error: string }).error];
    };
    expect(await raw("[".repeat(1_000_000))).toEqual([400, expect.stringMatching(/^The body is not JSON/)]);
    expect(await raw(`{"inputs":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toEqual([
      400,
      expect.stringMatching(/inputs\[0\] must be an object/),
    ]);
    expect(await raw("")).toEqual([400, expect.stringMatching(/not JSON/)]);
    expect(await raw(`{"inputs":[{"name":"__proto__","datatype":"FP32","shape":[1],"data":[1]}]}`)).toEqual([
      400,
      expect.stringMatching(/"distance", "seats", "city" are missing; .* does not know "__proto__"/),
    ]);
    for (const length of ["0", "-1", "1e2", "9999999", "abc", "1.5"]) {
      expect(await raw("{}", { "inference-header-content-length": length })).toEqual([
        400,
        expect.stringMatching(/Inference-Header-Content-Length/),
      ]);
    }
    const inputs = [{ name: "distance", datatype: "FP32", shape: [2], parameters: { binary_data_size: 8 } }];
    const cut = await binaryInfer(gateway, { inputs }, [floats(1)]);
    expect([cut.status, cut.body.error]).toEqual([
      400,
      expect.stringMatching(/binary_data_size is 8, and 4 bytes are left .*truncated/),
    ]);
    const long = await binaryInfer(gateway, { inputs }, [floats(1, 2, 3)]);
    expect(long.body.error).toMatch(/has 4 bytes more than its tensors take/);
    const wrong = await binaryInfer(gateway, { inputs: [{ ...inputs[0], shape: [3] }] }, [floats(1, 2)]);
    expect(wrong.body.error).toMatch(/3 elements of FP32 take 12 bytes, and binary_data_size is 8/);
    const text = [{ name: "city", datatype: "BYTES", shape: [1], parameters: { binary_data_size: 8 } }];
    const beyond = await binaryInfer(gateway, { inputs: text }, [Buffer.from([255, 255, 255, 255, 1, 2, 3, 4])]);
    expect(beyond.body.error).toMatch(/element 0 reaches beyond/);
    expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).status).toBe(200);
  });

  test("a model that fails answers 500 with a sentence, is counted, and goes on", async () => {
    const gateway = await start();
    const amount = (value: number) => ({ inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [value] }] });
    const failed = await gateway.infer("picky", amount(2e6));
    expect(failed.status).toBe(500);
    expect(failed.body.error).toMatch(
      /^Version picky \(champion\) of "picky" failed to score the request: .*out of data bounds/,
    );
    expect((await gateway.infer("picky", amount(7))).body.outputs?.[0].data).toEqual([7]);
    const status = await gateway.admin("status");
    expect(status.endpoints.find(({ name }) => name === "picky")?.variants[0]).toMatchObject({
      requests: 2,
      errors: 1,
    });
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain(
      'millrace_inference_requests_total{endpoint="picky",version="picky",variant="champion",status="error"} 1',
    );
  });

  test("a body above the cap is refused with 413, announced or chunked or inflated", async () => {
    const gateway = await start("--max-body-mib", "0.5");
    const big = Buffer.alloc(700_000, 32);
    const send = (chunked: boolean, body: Buffer) =>
      new Promise<number>((resolve, reject) => {
        const headers = chunked ? { "transfer-encoding": "chunked" } : { "content-length": body.length };
        const outgoing = request(`${gateway.url}/v2/models/trips/infer`, { method: "POST", headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        outgoing.once("error", reject);
        outgoing.end(body);
      });
    expect(await send(false, big)).toBe(413);
    expect(await send(true, big)).toBe(413);
    const bomb = await fetch(`${gateway.url}/v2/models/trips/infer`, {
      method: "POST",
      headers: { "content-encoding": "gzip" },
      body: new Uint8Array(gzipSync(big)),
    });
    expect(bomb.status).toBe(413);
    expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).status).toBe(200);
  });
});
