import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const settings = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", MPLBACKEND: "Agg" };

/** The last of the clients that know no logged models. */
const newestOfTwo = "mlflow==2.22.5";

test.each(["tracking_session.py", "models_session.py"])("the newest client of MLflow 2: %s", async (script) => {
  const python = await pythonWith("mlflow2", [newestOfTwo, "scikit-learn"]);
  const { url } = await startMillrace(await temporaryFolder());
  const said = await runScript(python, fileURLToPath(new URL(script, import.meta.url)), { ...settings, MLFLOW_TRACKING_URI: url });
  expect(JSON.parse(said)).toEqual({ mlflow: "2.22.5", done: true });
});
