import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { pythonWith, runScript } from "./python.ts";

interface Report {
  readonly passed: Readonly<Record<string, number>>;
  readonly notServed: Readonly<Record<string, number>>;
  readonly otherwise: Readonly<Record<string, string>>;
}

test("every node case of ONNX's backend tests whose types are taken is answered within its tolerances, or the runtime has not its operator", async () => {
  const python = await pythonWith("onnx", ["onnx==1.23.2", "numpy==2.4.6", "onnxruntime==1.27.0"]);
  const home = await makeFolder();
  const shelf = join(home, "shelf");
  await mkdir(shelf);
  const script = fileURLToPath(new URL("onnx_backend_session.py", import.meta.url));
  expect(Number(await runScript(python, script, { SHELF: shelf }))).toBeGreaterThan(1000);
  const { address } = await startOwn(home, {}, { repository: shelf, maxBodyBytes: 2 ** 26 });
  const said = await runScript(python, script, { HTTP: `127.0.0.1:${address.port}`, SHELF: shelf });
  const report = JSON.parse(said) as Report;
  console.log(JSON.stringify(report, null, 1));
  expect(report.otherwise).toEqual({});
});
