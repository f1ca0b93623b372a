import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { pythonWith, runScript } from "./python.ts";

test("a session of TensorFlow's own client, with tensors of every dtype", async () => {
  const python = await pythonWith("tensorflow_serving", ["tensorflow-cpu==2.21.0", "tensorflow-serving-api==2.21.0"]);
  const names = { half: "half_plus_two", trips: "trips-1", simple: "simple", simple_int8: "simple_int8", simple_string: "simple_string" };
  const endpoints = Object.entries(names).map(([name, model]) => endpoint(name, { ...variant("champion", model, 1), version: "1" }));
  const { address } = await startProcess(await makeHome(config(1, ...endpoints)));
  const said = await runScript(python, fileURLToPath(new URL("tensorflow_session.py", import.meta.url)), { GRPC: `${address.host}:${address.grpcPort}`, CUDA_VISIBLE_DEVICES: "" });
  expect(JSON.parse(said)).toEqual({ done: true });
});
