import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import type { ModelConfig } from "../config/models-file.ts";
import { grpcClient } from "../fixtures/grpc-client.ts";
import { modelFile, trip } from "../fixtures/gateway-process.ts";
import { at, makeFolder, putModel, startOwn } from "../fixtures/own-gateway.ts";
import type { OwnGateway } from "../fixtures/own-gateway.ts";
import { inferenceProto } from "../grpc/open-inference/infer-proto.ts";
import { rowsOf } from "../fixtures/tensors.ts";

/** Two versions of trips: 1 answers 13, 2 answers 1013. */
const trips = (more: Omit<ModelConfig, "places">): ModelConfig => ({
  places: [{ location: modelFile("trips-1"), version: "1" }, { location: modelFile("trips-2"), version: "2" }],
  versions: "all",
  ...more,
});
const variantOf = async (gateway: OwnGateway, headers: Record<string, string> = {}, parameters: object = {}, id?: string) =>
  (await gateway.infer("trips", trip(1, 1, "Oslo", { id, parameters }), headers)).body.parameters?.variant;

async function logged(gateway: OwnGateway, home: string, shadow = false): Promise<unknown[][]> {
  await fetch(`${gateway.url}/_millrace/flush`, { method: "POST", headers: { authorization: `Bearer ${gateway.address.token}` } });
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    const files = join(home, "predictions", "*", "*", "*.parquet");
    const reader = await connection.runAndReadAll(`SELECT request_id, endpoint, variant, status, propensity FROM read_parquet('${files}', union_by_name = true) WHERE shadow = ${shadow} ORDER BY ALL`);
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
  }
}

const byId = ([a]: readonly unknown[], [b]: readonly unknown[]) => (String(a) < String(b) ? -1 : 1);

describe("traffic rules", () => {
  test("the first rule that fits picks the variant, the weights the rest", async () => {
    const gateway = await startOwn(await makeFolder(), {
      trips: trips({
        default: "1",
        rules: [
          { if: { header: { "x-tier": { oneOf: ["gold", "silver"] } }, parameter: { region: "eu" } }, variant: "2" },
          { if: { header: { "x-tier": "gold" } }, variant: "1" },
          { if: { parameter: { client: { prefix: "test-" } } }, variant: "2" },
          { if: { parameter: { beta: "true" } }, variant: "2" },
        ],
      }),
    });
    const cases: [Record<string, string>, object, string][] = [
      [{}, {}, "1"],
      [{ "X-Tier": "gold" }, { region: "eu" }, "2"],
      [{ "x-tier": "silver" }, { region: "eu" }, "2"],
      [{ "x-tier": "gold" }, { region: "us", client: "test-1" }, "1"],
      [{ "x-tier": "bronze" }, { region: "eu" }, "1"],
      [{}, { client: "test-1" }, "2"],
      [{}, { client: "a test-1" }, "1"],
      [{}, { beta: true }, "2"],
      [{}, { constructor: "x" }, "1"],
    ];
    for (const [headers, parameters, variant] of cases) expect([headers, parameters, await variantOf(gateway, headers, parameters)]).toEqual([headers, parameters, variant]);
  });

  test("parameters and metadata of gRPC are what parameters and headers are over HTTP", async () => {
    const rules = [{ if: { header: { "x-tier": "gold" }, parameter: { region: "eu" } }, variant: "2" }];
    const { address } = await startOwn(await makeFolder(), { trips: trips({ default: "1", rules }) }, { grpcPort: 0 });
    const client = grpcClient(address.grpcPort!, inferenceProto, "inference.GRPCInferenceService");
    const contents = [{ fp32_contents: [1] }, { int64_contents: [1] }, { bytes_contents: [Buffer.from("Oslo")] }];
    const inputs = trip(1, 1, "Oslo").inputs.map(({ name, datatype, shape }, index) => ({ name, datatype, shape, contents: contents[index] }));
    const ask = (region: string) => client.ask("ModelInfer", { model_name: "trips", inputs, parameters: { region: { string_param: region } } }, { metadata: { "x-tier": "gold" } });
    expect(await ask("eu")).toMatchObject({ model_version: "2" });
    expect(await ask("us")).toMatchObject({ model_version: "1" });
  });

  test.each<[string, ModelConfig["sticky"], (user: string) => Record<string, string>, (user: string) => object]>([
    ["a header", { header: "x-user" }, (user) => ({ "X-User": user }), () => ({})],
    ["a cookie", { cookie: "uid" }, (user) => ({ cookie: `theme=dark; uid=${user}; x=1` }), () => ({})],
    ["a parameter", { parameter: "customer" }, () => ({}), (user) => ({ customer: user })],
    ["sticky_key, which wins", { header: "x-user" }, () => ({ "x-user": "everybody" }), (user) => ({ sticky_key: user })],
  ])("users stick by %s, on every gateway and after a restart", async (_, sticky, headers, parameters) => {
    const config = { trips: trips({ weights: { "1": 0.5, "2": 0.5 }, ...(sticky && { sticky }) }) };
    const [one, other] = [await startOwn(await makeFolder(), config), await startOwn(await makeFolder(), config)];
    const seen = new Set<string | undefined>();
    for (let user = 0; user < 12; user++) {
      const name = `user${user}`;
      const variant = await variantOf(one, headers(name), parameters(name));
      for (const gateway of [one, other, other]) expect(await variantOf(gateway, headers(name), parameters(name))).toBe(variant);
      seen.add(variant);
    }
    expect(seen).toEqual(new Set(["1", "2"]));
  });

  test("a label asks for its version, and moves with it", async () => {
    const folder = await makeFolder();
    await putModel("trips-1", join(folder, "1", "model.onnx"));
    await putModel("trips-2", join(folder, "2", "model.onnx"));
    const gateway = await startOwn(await makeFolder(), { trips: at(folder, { versions: "all", labels: { stable: "1", next: "2" } }) });
    // Labels come by protocols that have a word for them; this is what those call.
    const inputs = [rowsOf("distance", 1, Float32Array.of(1)), rowsOf("seats", 1, Float32Array.of(1)), rowsOf("city", 1, ["Oslo"])];
    const ask = async (label: string) => (await gateway.inference.infer({ endpoint: "trips", id: "r", label, inputs })).version;
    expect([await ask("stable"), await ask("next")]).toEqual(["1", "2"]);
    await gateway.repository.load({ name: "trips", labels: { stable: "2" } });
    expect(await ask("stable")).toBe("2");
    await expect(ask("next")).rejects.toThrow('No version of "trips" bears the label "next"; there is: "stable" (2).');
    await expect(gateway.repository.load({ name: "trips", labels: { stable: "7" } })).rejects.toThrow(/label "stable" of "trips" asks for version "7"/);
  });
});

describe("fallback", () => {
  const amount = (value: number) => ({ inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [value] }] });

  test("answers when the variant that was picked fails; the answer, the log and the metrics say so", async () => {
    const home = await makeFolder();
    const gateway = await startOwn(
      home,
      {
        // picky fails above a million; what answers then takes the same input.
        picky: {
          places: [{ location: modelFile("picky"), version: "1" }, { location: await putModel("picky", join(await makeFolder(), "p.onnx")), version: "2" }],
          versions: "all",
          weights: { "1": 0.75, "2": 0.25 },
          rules: [{ if: { header: { only: "1" } }, variant: "1" }],
          fallback: { variant: "2" },
        },
      },
      { logPredictions: true },
    );
    const fine = await gateway.infer("picky", { id: "fine", ...amount(7) }, { only: "1" });
    expect([fine.status, fine.body.parameters]).toEqual([200, { variant: "1" }]);
    const both = await gateway.infer("picky", { id: "both", ...amount(2e6) }, { only: "1" });
    expect([both.status, both.body.error]).toEqual([500, expect.stringMatching(/Version 2 \(2\) of "picky" failed/)]);
    const wrong = await gateway.infer("picky", trip(1, 1, "x"), { only: "1" });
    expect(wrong.status).toBe(400);
    expect(await gateway.metric('millrace_fallbacks_total{endpoint="picky",from="1",to="2",reason="failed"}')).toBe(1);
    expect(await logged(gateway, home)).toEqual([
      ["both", "picky", "1", "error", 1],
      ["both", "picky", "2", "error", 1],
      ["fine", "picky", "1", "ok", 1],
    ]);
  });

  test("another endpoint may answer, with the probability that it was needed", async () => {
    const home = await makeFolder();
    const gateway = await startOwn(
      home,
      { picky: at(modelFile("picky"), { fallback: { endpoint: "spare" } }), spare: at(modelFile("amount")) },
      { logPredictions: true },
    );
    const answer = await gateway.infer("picky", { id: "r", ...amount(2e6) });
    expect([answer.status, answer.body]).toEqual([
      200,
      expect.objectContaining({ model_name: "spare", parameters: { variant: "1", fallback_from: "1" }, outputs: [expect.objectContaining({ data: [2e6] })] }),
    ]);
    expect(await logged(gateway, home)).toEqual([
      ["r", "picky", "1", "error", 1],
      ["r", "spare", "1", "ok", 1],
    ]);
    const counted = async () => (await (await fetch(`${gateway.url}/metrics`)).text()).split("\n").filter((line) => line.startsWith("millrace_fallbacks_total{"));
    expect(await counted()).not.toEqual([]);
    await gateway.repository.unload("spare");
    expect(await counted()).toEqual([]);
    expect((await gateway.infer("picky", amount(2e6))).status).toBe(500);
  });

  test("answers for a variant that is late, whose answer is dropped", async () => {
    const home = await makeFolder();
    const gateway = await startOwn(
      home,
      {
        // With instances asked for it runs in a thread of its own.
        slow: at(modelFile("slow"), { options: { instances: 1 }, fallback: { endpoint: "spare", afterMs: 20 } }),
        spare: at(modelFile("amount")),
      },
      { logPredictions: true },
    );
    expect((await gateway.infer("slow", amount(1))).body.parameters).toEqual({ variant: "1" });
    const late = await gateway.infer("slow", { id: "late", ...amount(1e6) });
    expect([late.status, late.body.model_name, late.body.outputs?.[0].data]).toEqual([200, "spare", [1e6]]);
    expect(await gateway.metric('millrace_fallbacks_total{endpoint="slow",from="1",to="1",reason="late"}')).toBe(1);
    expect((await logged(gateway, home)).filter(([id]) => id === "late")).toEqual([["late", "spare", "1", "ok", 1]]);
  });

  test("the log's propensity counts that the fallback also answers for those who fail", async () => {
    const home = await makeFolder();
    const gateway = await startOwn(
      home,
      {
        picky: {
          places: [{ location: modelFile("picky"), version: "1" }, { location: modelFile("amount"), version: "2" }],
          versions: "all",
          weights: { "1": 0.75, "2": 0.25 },
          fallback: { variant: "2" },
        },
      },
      { logPredictions: true },
    );
    for (let id = 0; id < 12; id++) await gateway.infer("picky", { id: `r${id}`, ...amount(2e6) });
    const rows = await logged(gateway, home);
    const failed = rows.filter(([, , , status]) => status === "error").map(([id]) => id);
    expect(failed.length).toBeGreaterThan(0);
    for (const [id, , variant, status, propensity] of rows) {
      const expected = status === "error" ? 0.75 : failed.includes(id) ? 1 : 0.25;
      expect([id, variant, propensity]).toEqual([id, status === "error" ? "1" : "2", expected]);
    }
  });
});

describe("shadows", () => {
  test("are logged with the probability that another answered", async () => {
    const home = await makeFolder();
    const rules = [{ if: { header: { only: "1" } }, variant: "1" }];
    const gateway = await startOwn(home, { trips: trips({ weights: { "1": 0.5, "2": 0.5 }, shadows: ["2"], rules }) }, { logPredictions: true });
    const answered = [];
    for (let id = 0; id < 8; id++) answered.push([`r${id}`, await variantOf(gateway, {}, {}, `r${id}`)]);
    await variantOf(gateway, { only: "1" }, {}, "ruled");
    expect(await logged(gateway, home)).toEqual([["ruled", "trips", "1", "ok", 1], ...answered.map(([id, variant]) => [id, "trips", variant, "ok", 0.5])].toSorted(byId));
    const scored = answered.filter(([, variant]) => variant === "1").map(([id]) => [id, "trips", "2", "ok", 0.5]);
    expect(await logged(gateway, home, true)).toEqual([["ruled", "trips", "2", "ok", 1], ...scored].toSorted(byId));
  });

  test("their answers are compared with those that clients got", async () => {
    const gateway = await startOwn(await makeFolder(), {
      trips: {
        places: [
          { location: modelFile("trips-1"), version: "1" },
          { location: modelFile("trips-2"), version: "2" },
          { location: await putModel("trips-1", join(await makeFolder(), "same.onnx")), version: "3" },
        ],
        versions: "all",
        default: "1",
        shadows: ["2", "3"],
      },
    });
    for (let asked = 0; asked < 4; asked++) expect(await gateway.price("trips")).toBe(13);
    await fetch(`${gateway.url}/_millrace/flush`, { method: "POST", headers: { authorization: `Bearer ${gateway.address.token}` } });
    const status = (await (await fetch(`${gateway.url}/_millrace/status`, { headers: { authorization: `Bearer ${gateway.address.token}` } })).json()) as { endpoints: { variants: { name: string; agreement: unknown }[] }[] };
    expect(status.endpoints[0].variants.map(({ name, agreement }) => [name, agreement])).toEqual([
      ["1", null],
      ["2", { agreed: 0, differed: 4, meanDifference: 1000 }],
      ["3", { agreed: 4, differed: 0, meanDifference: 0 }],
    ]);
    expect(await gateway.metric('millrace_shadow_answers_total{endpoint="trips",version="2",variant="2",result="differed"}')).toBe(4);
    expect(await gateway.metric('millrace_shadow_difference_bucket{endpoint="trips",version="2",variant="2",le="100"}')).toBe(0);
    expect(await gateway.metric('millrace_shadow_difference_count{endpoint="trips",version="2",variant="2"}')).toBe(4);
  });
});
