import { expect, test } from "vitest";
import { config, endpoint, makeHome, startWith, trip, variant } from "../src/serving/gateway/fixtures/gateway-process.ts";
import { openProtocol } from "./open-protocol.ts";

const models = config(1, endpoint("trips", variant("champion", "trips-1", 1)), endpoint("picky", variant("champion", "picky", 1)));

test("predictions arrive as traces where OpenTelemetry's variables say, within the trace of their caller", async () => {
  const protocol = await openProtocol();
  await protocol.server.listen({ port: 0, host: "127.0.0.1" });
  const { port } = protocol.server.server.address() as { port: number };
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_HEADERS: "x-mlflow-experiment-id=0" };
  const gateway = await startWith(env, await makeHome(models));
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traced = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  await fetch(`${gateway.url}/v2/models/trips/infer`, { method: "POST", headers: traced, body: JSON.stringify(trip(1, 1, "Oslo")) });
  const unsampled = { traceparent: "00-1af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-00" };
  await fetch(`${gateway.url}/v2/models/trips/infer`, { method: "POST", headers: unsampled, body: JSON.stringify(trip(1, 1, "Oslo")) });
  await gateway.infer("picky", { inputs: [{ name: "amount", datatype: "FP32", shape: [1, 1], data: [2e6] }] });
  gateway.child.kill("SIGTERM");
  expect(await gateway.exited).toBe(0);

  const { body } = await protocol.post("/api/3.0/mlflow/traces/search", { locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }] });
  expect(body).toHaveProperty("traces");
  const traces = (body as { traces: { trace_id: string; state: string }[] }).traces;
  expect(traces).toHaveLength(2);
  expect(traces.map(({ trace_id: id }) => id)).toContain(`tr-${traceId}`);
  expect(traces.map(({ state }) => state)).toContain("ERROR");
});

test("a share that is none is refused", async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_SAMPLER_ARG: "all" };
  await expect(startWith(env, await makeHome(models))).rejects.toThrow(/OTEL_TRACES_SAMPLER_ARG is "all"; it must be the share/);
});
