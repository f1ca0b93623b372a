import { join } from "node:path";
import { expect, test } from "vitest";
import { at, makeFolder, putModel, startOwn } from "../fixtures/own-gateway.ts";
import type { OwnGateway } from "../fixtures/own-gateway.ts";
import { modelFile } from "../fixtures/gateway-process.ts";
import { MetricsRegistry } from "./metrics.ts";
import { variantStatsBook } from "./variant-stats.ts";

const peers = ["triton", "tensorflow-serving", "torchserve", "mlserver"];

/** The names of all series, without their values, that have this label's value. */
const seriesOf = async ({ url }: OwnGateway, value: string): Promise<string[]> =>
  (await (await fetch(`${url}/metrics`)).text()).split("\n").filter((line) => !line.startsWith("#") && line.includes(`="${value}"`)).map((line) => line.slice(0, line.lastIndexOf(" ")));

const post = (url: string, path: string, body: object = {}): Promise<Response> => fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("the series of a model, a version and a variant go with it, under every peer's names, and come back at zero", async () => {
  const repository = await makeFolder();
  for (const version of ["1", "2"]) await putModel(`trips-${version}`, join(repository, "fares", version, "model.onnx"));
  const gateway = await startOwn(await makeFolder(), { trips: at(modelFile("trips-1")), pair: at(join(repository, "fares"), { versions: "all", shadows: ["1"], default: "2" }) }, { peerMetrics: peers });
  expect([await gateway.price("trips"), await gateway.price("pair"), await gateway.price("pair/versions/1")]).toEqual([13, 1013, 13]);
  const before = [await seriesOf(gateway, "trips"), await seriesOf(gateway, "pair")];
  expect(before.map((series) => new Set(series.map((one) => /^[^_{]*_[^_{]*/.exec(one)![0])).size >= 4)).toEqual([true, true]);
  await gateway.repository.unload("trips");
  expect(await seriesOf(gateway, "trips")).toEqual([]);
  expect(await gateway.price("trips")).toBe(404);
  expect(await seriesOf(gateway, "trips")).toEqual([]);
  // One version of two: the other one goes on counting.
  await gateway.repository.unload("pair", "1");
  expect((await seriesOf(gateway, "pair")).filter((one) => one.includes('version="1"'))).toEqual([]);
  expect(await gateway.metric('millrace_inference_requests_total{endpoint="pair",version="2",variant="2",status="ok"}')).toBe(1);
  expect(await gateway.price("pair")).toBe(1013);
  expect(await gateway.metric('millrace_inference_requests_total{endpoint="pair",version="2",variant="2",status="ok"}')).toBe(2);
  await gateway.repository.load({ name: "trips" });
  expect(await gateway.price("trips")).toBe(13);
  expect(await gateway.metric('millrace_inference_requests_total{endpoint="trips",version="1",variant="1",status="ok"}')).toBe(1);
  expect(await seriesOf(gateway, "trips")).toEqual(before[0]);
});

test("names that are not there make no series, whichever protocol asks", async () => {
  const gateway = await startOwn(await makeFolder(), { trips: at(modelFile("trips-1")) }, { peerMetrics: peers });
  await gateway.price("trips");
  const all = async () => (await (await fetch(`${gateway.url}/metrics`)).text()).split("\n").filter((line) => !line.startsWith("#")).length;
  const before = await all();
  for (const path of ["/v2/models/nope/infer", "/v2/models/trips/versions/7/infer", "/v1/models/nope:predict", "/v1/models/trips/versions/7:predict", "/predictions/nope", "/predict/nope", "/invocations?model_name=nope", "/v2/repository/models/nope/load", "/v2/repository/models/nope/unload"]) {
    expect([path, (await post(gateway.url, path, { inputs: [] })).status]).toEqual([path, expect.toSatisfy((status: number) => status >= 400 && status < 500)]);
  }
  expect(await all()).toBe(before);
  expect(await seriesOf(gateway, "nope")).toEqual([]);
});

test("a request that ends after its model has left counts nowhere", () => {
  const metrics = new MetricsRegistry();
  const stats = variantStatsBook(metrics);
  const phases = { inputMs: 1, queueMs: 1, runMs: 1, outputMs: 1 };
  const known = stats("e", "1", "v");
  known.answered(1, phases);
  stats.retain((endpoint) => endpoint === "other");
  known.answered(1, phases);
  stats("e", "1", "v").answered(1, phases);
  stats("other", "1", "v").answered(1, phases);
  expect(metrics.expose().split("\n").filter((line) => /_total\{.*endpoint="e"/.test(line))).toEqual([]);
  expect(metrics.expose()).toContain('millrace_inference_rows_total{endpoint="other",version="1",variant="v"} 1');
  stats.retain(() => true);
  stats("e", "1", "v").answered(1, phases);
  expect(metrics.expose()).toContain('millrace_inference_rows_total{endpoint="e",version="1",variant="v"} 1');
});
