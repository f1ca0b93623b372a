import { expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../fixtures/gateway-process.ts";

test("what was served is counted under the names of the peers that are asked for, in the text format", async () => {
  const models = config(1, endpoint("trips", variant("champion", "trips-1", 1), variant("old", "trips-2", 0)), endpoint("picky", variant("champion", "picky", 1)));
  const peers = ["triton", "tensorflow-serving", "torchserve", "mlserver"];
  const gateway = await startProcess(await makeHome(models), ...peers.flatMap((name) => ["--peer-metrics", name]));
  for (let i = 0; i < 3; i++) await gateway.infer("trips", trip(i, 1, "Oslo"));
  await gateway.infer("trips", { inputs: [] });
  await gateway.infer("picky", { inputs: [{ name: "amount", datatype: "FP32", shape: [1, 1], data: [2e6] }] });
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const value = (series: string) => Number(text.split("\n").find((one) => one.startsWith(`${series} `))?.split(" ").at(-1));
  expect(value('nv_inference_request_success{model="trips",version="trips-1"}')).toBe(3);
  expect(value('nv_inference_count{model="trips",version="trips-1"}')).toBe(3);
  expect(value('nv_inference_request_failure{model="picky",version="picky"}')).toBe(1);
  expect(value('nv_inference_compute_infer_duration_us{model="trips",version="trips-1"}')).toBeGreaterThan(0);
  expect(value(':tensorflow:serving:request_count{model_name="trips",status="OK"}')).toBe(3);
  expect(value(':tensorflow:serving:request_latency_count{model_name="trips",API="Predict",entrypoint="ALL"}')).toBe(3);
  expect(value(':tensorflow:serving:request_latency_bucket{model_name="trips",API="Predict",entrypoint="ALL",le="10000000"}')).toBe(3);
  expect(text).toMatch(/^ts_inference_requests_total\{model_name="trips",model_version="trips-1",hostname="[^"]+"\} 3$/m);
  expect(text).toMatch(/^Requests5XX\{Level="Host",Hostname="[^"]+"\} 1$/m);
  expect(value('model_infer_request_success_total{model="trips",version="trips-1"}')).toBe(3);
  expect(value('model_infer_request_duration_sum{model="trips",version="trips-1"}')).toBeGreaterThan(0);
  for (const line of text.trim().split("\n")) expect(line).toMatch(/^(# (HELP|TYPE) [a-zA-Z_:][\w:]* .+|[a-zA-Z_:][\w:]*(\{.*\})? \S+)$/);
  const series = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.slice(0, line.lastIndexOf(" ")));
  expect(new Set(series).size).toBe(series.length);
  expect(await (await fetch(`${gateway.url}/monitoring/prometheus/metrics`)).text()).toContain("nv_inference_count");
});

test("without being asked for, there are only our own names; an unknown peer is refused", async () => {
  const home = await makeHome(config(1));
  const gateway = await startProcess(home);
  expect(await (await fetch(`${gateway.url}/metrics`)).text()).not.toContain("nv_inference");
  await expect(startProcess(await makeHome(), "--peer-metrics", "seldon")).rejects.toThrow(/must be one of triton, tensorflow-serving/);
});
