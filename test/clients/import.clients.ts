import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const settings = { MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_ALLOW_FILE_STORE: "true", MPLBACKEND: "Agg" };
let python: string;

beforeAll(async () => {
  python = await pythonWith("mlflow", ["mlflow", "scikit-learn"]);
});

const fill = (uri: string, location?: string): Promise<string> =>
  runScript(python, script("fill_source.py"), { ...settings, MLFLOW_TRACKING_URI: uri, ...(location === undefined ? {} : { ARTIFACT_LOCATION: location }) });

/** Imports twice into a running home, the second time nothing, and compares. */
async function importAndCompare(from: string, source = from): Promise<Record<string, number>> {
  const home = await temporaryFolder();
  const { url } = await startMillrace(home);
  const first = await millrace(["import", "mlflow", "--from", from, "--home", home, "--json"]);
  expect(first.code, first.out + first.err).toBe(0);
  const again = await millrace(["import", "mlflow", "--from", from, "--home", home, "--json"]);
  expect(JSON.parse(again.out)).toMatchObject({ carried: { runs: 0, points: 0, loggedModels: 0, versions: 0 }, leftOut: [] });
  return JSON.parse(await runScript(python, script("compare_stores.py"), { ...settings, SOURCE: source, TARGET: url })) as Record<string, number>;
}

/** The files of the run are compared byte by byte, the model's by loading it. */
const everything = { experiments: 3, runs: 7, points: 1010, artifacts: 4, logged_models: 1, registered_models: 4, versions: 6, models_loaded: 4 };

test("a folder of MLflow's file store", async () => {
  const folder = join(await temporaryFolder(), "mlruns");
  await fill(folder);
  expect(await importAndCompare(folder)).toEqual(everything);
});

test("the SQLite file of MLflow's SQL store, with artifacts in a folder", async () => {
  const folder = await temporaryFolder();
  const uri = `sqlite:///${join(folder, "mlflow.db")}`;
  await fill(uri, `file://${join(folder, "kept")}`);
  expect(await importAndCompare(join(folder, "mlflow.db"), uri)).toEqual(everything);
});

test("a live MLflow server that proxies its artifacts; then its database and their folder, the server gone", async () => {
  const folder = await temporaryFolder();
  const { url, stop } = await startMlflow(folder);
  await fill(url);
  expect(await importAndCompare(url)).toEqual(everything);
  await stop();
  const home = await temporaryFolder();
  const { code, out, err } = await millrace(["import", "mlflow", "--from", join(folder, "mlflow.db"), "--artifacts-destination", join(folder, "sent"), "--home", home, "--json"]);
  expect(code, out + err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ carried: { runs: 7, loggedModels: 1, versions: 6, artifacts: 11 }, leftOut: [] });
});

/** MLflow's own server, from the same environment as its client. */
async function startMlflow(folder: string): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const args = ["-m", "mlflow", "server", "--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`, "--artifacts-destination", join(folder, "sent"), "--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  // A group of its own: its workers end with it.
  const child = spawn(python, args, { cwd: await mkdtemp(join(folder, "at-")), env: { ...process.env, ...settings }, stdio: ["ignore", "ignore", "pipe"], detached: true });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += String(part)));
  const exited = once(child, "exit");
  let running = true;
  void exited.then(() => (running = false));
  const stop = async (): Promise<void> => {
    if (running) process.kill(-child.pid!, "SIGKILL");
    await exited;
  };
  onTestFinished(stop);
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 60_000;
  while (!(await fetch(`${url}/health`).then((answer) => answer.ok, () => false))) {
    if (!running || performance.now() > deadline) throw new Error(`MLflow's server did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, stop };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
