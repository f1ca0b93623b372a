import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const settings = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", MPLBACKEND: "Agg" };
let python: string;

beforeAll(async () => {
  python = await pythonWith("mlflow-and-otlp", ["mlflow", "scikit-learn", "opentelemetry-exporter-otlp-proto-http"]);
});

test("a session of MLflow's Python client: runs, metrics, artifacts, searches, deletions", async () => {
  const { url } = await startMillrace(await temporaryFolder());
  const said = await runScript(python, script("tracking_session.py"), { ...settings, MLFLOW_TRACKING_URI: url });
  expect(JSON.parse(said)).toMatchObject({ done: true });
});

test("models that its users log, register, move through aliases and stages, load, copy, search and delete", async () => {
  const { url } = await startMillrace(await temporaryFolder());
  const said = await runScript(python, script("models_session.py"), { ...settings, MLFLOW_TRACKING_URI: url });
  expect(JSON.parse(said)).toMatchObject({ done: true });
});

test.each(["tracing_session.py", "otel_exporter.py"])("traces: %s", async (session) => {
  const { url } = await startMillrace(await temporaryFolder());
  const said = await runScript(python, script(session), { ...settings, MLFLOW_TRACKING_URI: url });
  expect(JSON.parse(said)).toMatchObject({ done: true });
});

test("large artifacts in parts, where the server announces it", async () => {
  const { url } = await startMillrace(await temporaryFolder(), { env: { MILLRACE_PARALLEL_TRANSFERS: "true" } });
  const parts = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: "1000000", MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: "1000000", MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE: "1000000" };
  const said = await runScript(python, script("transfers_session.py"), { ...settings, ...parts, MLFLOW_TRACKING_URI: url });
  expect(JSON.parse(said)).toMatchObject({ done: true });
});

test("what a client was answered is there after kill -9", async () => {
  const home = await temporaryFolder();
  const first = await startMillrace(home);
  const said = await runScript(python, script("acknowledged_writes.py"), { ...settings, MLFLOW_TRACKING_URI: first.url, KILL_PID: String(first.child.pid) });
  const { run_id: id, acknowledged } = JSON.parse(said) as { run_id: string; acknowledged: number };
  await first.exited;
  const second = await startMillrace(home);
  const answer = (await (await fetch(`${second.url}/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=m`)).json()) as { metrics: { step: number }[] };
  const steps = new Set(answer.metrics.map((metric) => metric.step));
  expect(acknowledged).toBeGreaterThan(50);
  for (let step = 0; step < acknowledged; step++) expect(steps.has(step), `step ${step} of ${acknowledged}`).toBe(true);
});
