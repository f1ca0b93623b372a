import { readFile, writeFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { OptimizationRoutes } from "../../src/optimization/routes.ts";
import type { PipelineRoutes } from "../../src/pipelines/routes.ts";
import type { PipelineRun } from "../../src/stage.ts";
import type { RegistryRoutes } from "../../src/registry/routes.ts";
import { startRun } from "../../src/commands/start-run.ts";
import { loadProject } from "../../src/project/load.ts";
import { runProject, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Houses whose price is 100 a room and 2 a unit of size; the day says when each was sold. */
const houses = (rows: number): string => `rooms,size,day,price\n${Array.from({ length: rows }, (_, i) => `${1 + (i % 7)},${10 + ((i * 13) % 40)},${new Date(Date.UTC(2024, 0, 1 + Math.floor(i / 10))).toISOString().slice(0, 10)},${100 * (1 + (i % 7)) + 2 * (10 + ((i * 13) % 40)) + (i % 3)}`).join("\n")}\n`;

/** Ten lines that know the answer; what they were told is left in what they print. */
const train = `
import { readFileSync, writeFileSync } from "node:fs";
import { linearOnnx } from "./lib/linear-onnx.mjs";
const job = JSON.parse(readFileSync(process.env.MILLRACE_JOB, "utf8"));
const [head, ...rows] = readFileSync(job.train, "utf8").trim().split("\\n");
const log = (path, body) => fetch(process.env.MLFLOW_TRACKING_URI + "/api/2.0/mlflow/runs/" + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ run_id: process.env.MLFLOW_RUN_ID, ...body }) });
for (const step of [0, 1]) await log("log-metric", { key: "loss", value: job.params.diverged && step === 1 ? "NaN" : 1 / (step + 1), timestamp: Date.now(), step });
await log("log-parameter", { key: "rate", value: String(job.params.rate) });
console.log("head " + head); console.log("newest " + rows.map((row) => row.split(",")[2]).sort().at(-1)); console.log("rows " + rows.length);
if (job.params.diverged === "empty") process.exit();
if (job.params.diverged === "nan") job.params.bias = NaN;
writeFileSync(job.model_dir + "/model.onnx", linearOnnx([100, 2], job.params.bias ?? 0));
`;

async function project(folder: string, more = ""): Promise<string> {
  await mkdir(join(folder, "project", "lib"), { recursive: true });
  const file = join(folder, "project", "millrace.yaml");
  await writeFile(join(folder, "project", "houses.csv"), houses(300));
  await writeFile(join(folder, "project", "train.mjs"), train);
  await writeFile(join(folder, "project", "lib", "linear-onnx.mjs"), await readFile(new URL("fixtures/linear-onnx.mjs", import.meta.url)));
  await writeFile(file, `model: houses\ndata: { source: houses.csv, target: price, time: day }\nmonitor: { window: 1d, label_delay: 0s }\ntrain: { run: node train.mjs, format: csv, params: { rate: 0.5 }${more} }\n`);
  return file;
}

const outputOf = async (url: string, id: string, step: string): Promise<string> => (await client<PipelineRoutes>(url, "pipelines")("GET /runs/:id/steps/:step/output", { params: { id, step }, query: {} })).text;

test("a script of ten lines, from a table to an answered request: judged on rows it never saw, tracked, registered with its recipe, served", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const file = await project(folder);
  const { url, gateway } = await startMillrace(home);

  // Whoever reaches the port of the server alone may not have commands run.
  const begun = client<OptimizationRoutes>(url, "optimization")("POST /runs", { body: { project: await loadProject(file), recipe_key: "guess" } });
  await expect(begun).rejects.toMatchObject({ status: 403, code: "training.key_needed" });

  const run = await runProject(url, file, "first", { home });
  expect([run.state, run.reason]).toEqual(["succeeded", null]);
  const [told, again] = [await outputOf(url, "first", "train"), await outputOf(url, "first", "refit")];
  // The newest fifth is held out of the training; the training after the gate has all rows. The recipe has files within folders.
  expect(told).toBe("head rooms,size,day,price\nnewest 2024-01-24\nrows 240\n");
  expect(again).toBe("head rooms,size,day,price\nnewest 2024-01-30\nrows 300\n");

  const version = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions/:version", { params: { name: "houses", version: 1 } });
  if (version.origin !== "trained") throw new Error("it was trained here");
  expect(version).toMatchObject({ algorithm: "run", params: { rate: 0.5 }, signature: { task: "regression", target: "price" }, gate: { passed: true }, recipe: { run: "node train.mjs", format: "csv", timeout: null } });
  expect(version.recipe!.files.map(({ path }) => path)).toEqual(["lib/linear-onnx.mjs", "millrace.yaml", "train.mjs"]);
  expect(Math.abs(version.metrics["rmse"].value - Math.sqrt(5 / 3))).toBeLessThan(0.1);
  expect(version.importances["rooms"]).toBeGreaterThan(version.importances["size"]);

  // What it logged is the pipeline's run, with what the house knows beside it; the second training logs to a run within.
  const logged = (await (await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=first`)).json()) as { run: { info: { status: string }; data: { metrics: { key: string }[]; params: { key: string; value: string }[]; tags: { key: string; value: string }[] } } };
  expect(logged.run.info.status).toBe("FINISHED");
  expect(logged.run.data.metrics.map(({ key }) => key)).toEqual(expect.arrayContaining(["loss", "rmse", "linear_rmse", "naive_rmse"]));
  expect(logged.run.data.params).toEqual(expect.arrayContaining([{ key: "rate", value: "0.5" }, { key: "algorithm", value: "run" }]));
  const inner = (await (await fetch(`${url}/api/2.0/mlflow/runs/search`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ experiment_ids: ["1"], filter: "tags.mlflow.parentRunId = 'first'" }) })).json()) as { runs: { info: { run_name: string; status: string } }[] };
  expect(inner.runs.map(({ info }) => [info.run_name, info.status])).toEqual([["refit", "FINISHED"]]);
  const files = (await (await fetch(`${url}/api/2.0/mlflow/artifacts/list?run_id=first&path=logs`)).json()) as { files: { path: string }[] };
  expect(files.files.map(({ path }) => path)).toEqual(["logs/train.log"]);

  // Two versions can be compared by what made them.
  const evidence = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions/:version/evidence", { params: { name: "houses", version: 1 } });
  expect(evidence.config).toMatchObject({ algorithm: "run", "recipe.run": "node train.mjs", "recipe.files": "lib/linear-onnx.mjs, millrace.yaml, train.mjs", "recipe.code": version.recipe!.code, rate: "0.5" });

  // Every protocol answers as for a model of ours.
  const ask = async (path: string, body: object): Promise<unknown> => (await fetch(`${gateway}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json();
  expect(await ask("/predict/houses", { rooms: 3, size: 20 })).toEqual({ prediction: 340 });
  expect(await ask("/v2/models/houses/infer", { inputs: [{ name: "rooms", shape: [1, 1], datatype: "FP32", data: [3] }, { name: "size", shape: [1, 1], datatype: "FP32", data: [20] }] })).toMatchObject({ outputs: [{ name: "prediction", data: [340] }] });
  expect(await ask("/v1/models/houses:predict", { instances: [{ rooms: 3, size: 20 }] })).toEqual({ predictions: [340] });
});

test("a training that fails ends its run as failed, says why, and one that goes on can be cancelled; what it started is gone", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const file = await project(folder);
  const { url } = await startMillrace(home);
  const script = join(folder, "project", "train.mjs");
  await writeFile(script, "console.log('looking'); console.error('the data are wet'); process.exit(3);");
  const failed = await runProject(url, file, "wet", { home });
  expect(failed).toMatchObject({ state: "failed", reason: expect.stringContaining('"node train.mjs" ended with exit code 3; its last lines:') as string });
  const statusOf = async (id: string): Promise<string> => ((await (await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=${id}`)).json()) as { run: { info: { status: string } } }).run.info.status;
  expect(await statusOf("wet")).toBe("FAILED");
  expect((await outputOf(url, "wet", "train")).split("\n").toSorted()).toEqual(["", "looking", "the data are wet"]);

  const pid = join(folder, "pid");
  await writeFile(script, `import { writeFileSync } from "node:fs"; process.on("SIGTERM", () => process.exit(0)); writeFileSync(${JSON.stringify(pid)}, String(process.pid)); console.log("begun"); setInterval(() => undefined, 1000);`);
  const api = client<PipelineRoutes>(url, "pipelines");
  const id = await startRun(url, home, await loadProject(file), "long");
  await expect.poll(() => outputOf(url, id, "train"), { timeout: 20_000 }).toBe("begun\n");
  await api("POST /runs/:id/cancel", { params: { id } });
  await expect.poll(async () => (await api("GET /runs/:id", { params: { id } })).state, { timeout: 20_000 }).toBe("failed");
  const cancelled: PipelineRun = await api("GET /runs/:id", { params: { id } });
  expect(cancelled.reason).toBe("It was cancelled by local");
  expect(cancelled.steps.find((step) => step.id === "train")).toMatchObject({ state: "failed", error: { code: "pipelines.cancelled" } });
  const process = Number(await readFile(pid, "utf8"));
  await expect.poll(async () => await readFile(`/proc/${process}/stat`, "utf8").then((text) => / Z /.test(text), () => true), { timeout: 20_000 }).toBe(true);
  await expect(api("POST /runs/:id/cancel", { params: { id } })).rejects.toMatchObject({ status: 409, code: "pipelines.not_running" });
});

test("a server that is killed in the middle of a training goes on with it, from its checkpoint", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const file = await project(folder);
  const script = join(folder, "project", "train.mjs");
  await writeFile(
    script,
    `${train}\n`.replace("writeFileSync(job.model_dir", `const { existsSync } = await import("node:fs"); const mark = job.checkpoint_dir + "/half"; if (!existsSync(mark) && rows.length === 240) { writeFileSync(mark, ""); console.log("half"); setInterval(() => undefined, 1000); await new Promise(() => undefined); }\nwriteFileSync(job.model_dir`),
  );
  const first = await startMillrace(home);
  const id = await startRun(first.url, home, await loadProject(file), "first");
  await expect.poll(() => outputOf(first.url, id, "train"), { timeout: 20_000 }).toContain("half\n");
  await first.kill();
  // The recipe is kept: the folder may be gone meanwhile.
  await rm(script);
  const second = await startMillrace(home);
  const api = client<PipelineRoutes>(second.url, "pipelines");
  await expect.poll(async () => (await api("GET /runs/:id", { params: { id } })).state, { timeout: 90_000 }).toBe("succeeded");
  expect((await outputOf(second.url, id, "train")).match(/half|rows 240/g)).toEqual(["rows 240", "half", "rows 240"]);
}, 120_000);

test("a loss that became NaN is told; it is the reason where no model, or one without answers, is left", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const file = await project(folder);
  const { url } = await startMillrace(home);
  const text = await readFile(file, "utf8");
  const withParams = async (id: string, params: string) => {
    await writeFile(file, text.replace("{ rate: 0.5 }", `{ rate: 0.5, ${params} }`));
    return runProject(url, file, id, { home });
  };
  expect(await withParams("no-model", "diverged: empty")).toMatchObject({ state: "failed", reason: expect.stringMatching(/diverged: the last of what it logged is loss NaN at step 1\. Try a smaller learning rate.*nothing is in it/) as string });
  expect(await withParams("no-answers", "diverged: nan")).toMatchObject({ state: "failed", reason: expect.stringMatching(/loss NaN at step 1.*240 of 240 answers of model\.onnx/) as string });
  expect(await withParams("answers", "diverged: true")).toMatchObject({ state: "succeeded" });
  expect(await outputOf(url, "answers", "train")).toContain("the training has diverged: the last of what it logged is loss NaN at step 1\n");
});
