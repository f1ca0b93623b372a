import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const session = fileURLToPath(new URL("convert_session.py", import.meta.url));

test("scikit-learn models, pickled in three ways, become ONNX versions that answer alike; MLflow's client reads them", async () => {
  const python = await pythonWith("convert", ["mlflow", "scikit-learn", "skl2onnx"]);
  const home = await temporaryFolder();
  const { url } = await startMillrace(home);
  const settings = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_TRACKING_URI: url };
  expect(JSON.parse(await runScript(python, session, settings))).toEqual({ done: true });
  for (const model of ["linear", "forest", "classes"]) {
    const { code, out, err } = await millrace(["models", "convert", model, "1", "--python", python, "--json", "--home", home]);
    expect({ code, err: code === 0 ? "" : err + out }).toEqual({ code: 0, err: "" });
    const { version, compared } = JSON.parse(out) as { version: number; compared: { rows: number; share: number; differentLabels: number } };
    expect({ version, rows: compared.rows, differentLabels: compared.differentLabels }).toEqual({ version: 2, rows: 20, differentLabels: 0 });
    expect(compared.share).toBeLessThan(1e-5);
  }
  expect(JSON.parse(await runScript(python, session, { ...settings, CHECK: "1" }))).toEqual({ done: true });
});
