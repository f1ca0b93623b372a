import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { pythonWith, runScript } from "./python.ts";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A gateway with the models of Triton's examples and one of columns; it calls itself as Triton's own sessions expect. */
async function addresses(): Promise<Record<"HTTP" | "GRPC", string>> {
  const names = { simple: "simple", simple_int8: "simple_int8", simple_string: "simple_string", trips: "trips-1" };
  const endpoints = Object.entries(names).map(([name, model]) => endpoint(name, { ...variant("champion", model, 1), version: "1" }));
  const { address } = await startProcess(await makeHome(config(1, ...endpoints)), "--server-name", "triton");
  return { HTTP: `${address.host}:${address.port}`, GRPC: `${address.host}:${address.grpcPort}` };
}

test("sessions of Triton's Python client: HTTP, gRPC, streams, asyncio", async () => {
  const python = await pythonWith("tritonclient", ["tritonclient[all]==2.73.0"]);
  const said = await runScript(python, script("tritonclient_session.py"), await addresses());
  expect(JSON.parse(said)).toEqual({ done: true });
});

test("sessions of KServe's Python clients: REST and gRPC", async () => {
  const python = await pythonWith("kserve", ["kserve==0.21.0"]);
  const said = await runScript(python, script("kserve_session.py"), await addresses());
  expect(JSON.parse(said)).toEqual({ done: true });
});
