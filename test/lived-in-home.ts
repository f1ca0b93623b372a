import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { client } from "../src/http/client.ts";
import type { ServingRoutes } from "../src/serving/routes.ts";
import { usual, writeWorld } from "./daily-world.ts";
import { runProject, startMillrace, type RunningServer, type StartOptions } from "./running-server.ts";

/** What a client logged, and where it lies. */
export interface LivedIn {
  readonly run: string;
  /** Text of the artifact `notes.txt` of the run. */
  readonly notes: string;
}

/** Fills a home as people do: a table, a model trained, judged and deployed, a client's run with an artifact, and forty predictions in the log. */
export async function liveIn(server: RunningServer, folder: string): Promise<LivedIn> {
  const ran = await runProject(server.url, await writeWorld(folder, { baseDays: 20, liveDays: 1, target: usual }));
  if (ran.state !== "succeeded") throw new Error(`the project did not succeed: ${ran.reason}`);
  const run = await logRun(server.url, "lived");
  const notes = "what a client wrote down\n".repeat(100);
  const put = await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/notes.txt`, { method: "PUT", body: notes });
  if (!put.ok) throw new Error(`the artifact was not taken: ${put.status}`);
  await predict(server.url, 40);
  return { run, notes };
}

/** A run of a client, acknowledged. */
export async function logRun(url: string, name: string): Promise<string> {
  const answer = await fetch(`${url}/api/2.0/mlflow/runs/create`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ experiment_id: "0", run_name: name, start_time: 5 }) });
  if (!answer.ok) throw new Error(`the run was not made: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
}

/** Asks the deployed model; the answers are acknowledged when it returns. */
export async function predict(url: string, count: number): Promise<void> {
  const { deployments } = await client<ServingRoutes>(url, "serving")("GET /deployments");
  for (let at = 0; at < count; at++) {
    const inputs = [{ name: "x", shape: [1, 1], datatype: "FP32", data: [at % 10] }, { name: "group", shape: [1, 1], datatype: "BYTES", data: ["a"] }];
    const answer = await fetch(deployments[0].url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ id: `asked-${Date.now()}-${at}`, inputs }) });
    if (!answer.ok) throw new Error(`no prediction: ${answer.status} ${await answer.text()}`);
  }
}

/**
 * A stopped home of every kind of file: database, artifacts, Parquet of the prediction log from an orderly stop, and a journal from a gateway that was killed
 * after twenty more predictions.
 */
export async function makeHome(folder: string, options: StartOptions = {}): Promise<LivedIn & { readonly home: string }> {
  const home = join(folder, "home");
  const first = await startMillrace(home, options);
  const lived = await liveIn(first, folder);
  first.child.kill("SIGTERM");
  await first.exited;
  const second = await startMillrace(home, options);
  await predict(second.url, 20);
  await filled(join(home, "gateway", "journals"));
  await second.kill();
  await second.killGateway();
  return { ...lived, home };
}

/** Waits until a journal holds rows: it is written a moment after the answers. */
async function filled(folder: string): Promise<void> {
  for (;;) {
    for (const name of await readdir(folder, { recursive: true }).catch(() => [])) if (name.endsWith(".rows") && (await stat(join(folder, name))).size > 500) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
