import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const settings = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", MPLBACKEND: "Agg", KERAS_BACKEND: "torch" };

/** A test for each library: its autologging as users write it, `autolog_<library>.py`, in an environment with these packages. */
export function testAutologging(environment: string, packages: readonly string[], libraries: readonly string[]): void {
  test.each(libraries)("autologging of %s", async (library) => {
    const python = await pythonWith(environment, ["mlflow", ...packages]);
    const { url } = await startMillrace(await temporaryFolder());
    const said = await runScript(python, fileURLToPath(new URL(`autolog_${library}.py`, import.meta.url)), { ...settings, MLFLOW_TRACKING_URI: url });
    expect(JSON.parse(said)).toMatchObject({ done: true });
  });
}
