import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { pythonWith, runScript } from "./python.ts";

test("SageMaker's serialisers are understood, and its deserialisers understand", async () => {
  const python = await pythonWith("sagemaker", ["sagemaker-core==2.27.0"]);
  const { address } = await startProcess(await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1)), endpoint("half", variant("champion", "half_plus_two", 1)))));
  const said = await runScript(python, fileURLToPath(new URL("sagemaker_session.py", import.meta.url)), { HTTP: `${address.host}:${address.port}` });
  expect(JSON.parse(said)).toEqual({ done: true });
});
