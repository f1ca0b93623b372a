import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

test("MLflow's Java client, from Maven Central: experiments, runs, metrics, searches, artifacts, registry", async () => {
  const project = join(import.meta.dirname, "java");
  const out = await temporaryFolder();
  const libraries = join(out, "libraries");
  await run("mvn", ["--batch-mode", "--quiet", "--file", project, `-Dout=${out}`, "compile", "dependency:copy-dependencies", `-DoutputDirectory=${libraries}`], { maxBuffer: 64 << 20 });
  // For artifacts it calls `mlflow`.
  const python = await pythonWith("mlflow", ["mlflow", "scikit-learn"]);
  const { url } = await startMillrace(await temporaryFolder());
  const env = { ...process.env, PATH: `${dirname(python)}:${process.env["PATH"] ?? ""}`, MLFLOW_DISABLE_TELEMETRY: "true" };
  const { stdout } = await run("java", ["-cp", `${join(out, "classes")}:${libraries}/*`, "Session", url], { env, maxBuffer: 64 << 20 });
  expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toEqual({ done: true });
});
