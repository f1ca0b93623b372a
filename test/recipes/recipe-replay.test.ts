import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ReplaySummary } from "../../src/commands/replay-summary.ts";
import { client } from "../../src/http/client.ts";
import type { RegistryRoutes } from "../../src/registry/routes.ts";
import { usual, writeWorld } from "../daily-world.ts";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const program = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));

/** A straight line through y over x, whatever the group. */
const train = `
import { readFileSync, writeFileSync } from "node:fs";
import { linearOnnx } from "./linear-onnx.mjs";
const job = JSON.parse(readFileSync(process.env.MILLRACE_JOB, "utf8"));
const [head, ...lines] = readFileSync(job.train, "utf8").trim().split("\\n").map((line) => line.split(","));
const [x, y] = ["x", job.target].map((name) => lines.map((cells) => Number(cells[head.indexOf(name)])));
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const slope = mean(x.map((value, row) => (value - mean(x)) * (y[row] - mean(y)))) / mean(x.map((value) => (value - mean(x)) ** 2));
writeFileSync(job.model_dir + "/line.onnx", linearOnnx([slope], mean(y) - slope * mean(x), "x"));
`;

test("a loop whose model a command trains heals itself: an alarm, the same command on newer rows, canary, promotion", async () => {
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, { baseDays: 20, liveDays: 9, target: (x, group, day) => (day < 3 ? usual(x, group) : 200 - 10 * x) });
  await writeFile(file, (await readFile(file, "utf8")).replace("train: { params: { iterations: 60 } }", "train: { run: node train.mjs, format: csv, files: [train.mjs, linear-onnx.mjs] }"));
  await writeFile(join(folder, "train.mjs"), train);
  await writeFile(join(folder, "linear-onnx.mjs"), await readFile(new URL("fixtures/linear-onnx.mjs", import.meta.url)));
  const home = join(folder, "home");
  const { stdout } = await promisify(execFile)(process.execPath, [program, "replay", file, "--home", home, "--port", "0", "--gateway-port", "0", "--json"], { maxBuffer: 1e8 });
  const summary = JSON.parse(stdout) as ReplaySummary;
  expect(summary).toMatchObject({ windows: 9, metric: "rmse" });
  expect(summary.alarms).toBeGreaterThan(0);
  expect(summary.promotions.length).toBeGreaterThan(0);
  expect(summary.loss.loop).toBeLessThan(summary.loss.never);

  // The version that was promoted has the champion's recipe; its candidates logged to runs within its own.
  const { url } = await startMillrace(home);
  const registry = client<RegistryRoutes>(url, "registry");
  const versions = await Promise.all([1, summary.promotions[0].version].map((version) => registry("GET /models/:name/versions/:version", { params: { name: "world", version } })));
  const [first, promoted] = versions.map((version) => (version.origin === "trained" ? version : undefined));
  expect(promoted?.algorithm).toBe("run");
  expect(promoted?.recipe).toEqual(first?.recipe);
  expect(promoted?.artifact.sha256).not.toBe(first?.artifact.sha256);
  const found = (await (await fetch(`${url}/api/2.0/mlflow/runs/search`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ experiment_ids: ["1"], filter: `tags.mlflow.parentRunId = '${promoted?.runId}'` }) })).json()) as { runs: { info: { run_name: string; status: string } }[] };
  expect(found.runs.map(({ info }) => info.run_name)).toEqual(expect.arrayContaining(["refit", expect.stringMatching(/^candidate 1: /)]));
  expect(new Set(found.runs.map(({ info }) => info.status))).toEqual(new Set(["FINISHED"]));
}, 180_000);
