import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonWith, runScript } from "./python.ts";

const script = fileURLToPath(new URL("pyfunc_models.py", import.meta.url));

/** The models of pyfunc_models.py in a temporary folder of its own, which the caller removes, and a Python that runs them. */
export async function savePyfuncModels(): Promise<{ readonly python: string; readonly folder: string }> {
  const python = await pythonWith("pyfunc", ["mlflow==3.17.2", "scikit-learn==1.9.1", "lightgbm==4.7.0"]);
  const folder = await mkdtemp(join(tmpdir(), "millrace-pyfunc-"));
  await runScript(python, script, { FOLDER: folder, MLFLOW_DISABLE_TELEMETRY: "true" });
  return { python, folder };
}
