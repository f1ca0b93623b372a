import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const session = fileURLToPath(new URL("convert_models.py", import.meta.url));

test("histogram boosting is converted under protobuf 7, too, which stops skl2onnx 1.20.0 by itself", async () => {
  const python = await pythonWith("convert-protobuf", ["mlflow-skinny==3.17.2", "pandas==2.3.3", "numpy==2.4.6", "scikit-learn==1.9.1", "skl2onnx==1.20.0", "onnx==1.23.2", "onnxruntime==1.32.0", "protobuf==7.36.2"]);
  const home = await temporaryFolder();
  const { url } = await startMillrace(home);
  const settings = { MODELS: "sklearn", MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_TRACKING_URI: url };
  await runScript(python, session, { ...settings, NAMES: "protobuf" });
  const { code, out, err } = await millrace(["models", "convert", "protobuf", "1", "--python", python, "--json", "--home", home]);
  expect({ code, err: code === 0 ? "" : err + out }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(await runScript(python, session, { ...settings, CHECK: "protobuf" }))).toEqual({ done: ["protobuf"] });
});
