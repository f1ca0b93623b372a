import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readTable } from "../src/data/read-table.ts";
import { ingest } from "../src/data/sources/ingest.ts";
import type { DataRoutes } from "../src/data/routes.ts";
import { scoreOnnx } from "../src/evaluation/score.ts";
import { client } from "../src/http/client.ts";
import type { MonitoringRoutes } from "../src/monitoring/routes.ts";
import type { OptimizationRoutes } from "../src/optimization/routes.ts";
import type { RegistryRoutes } from "../src/registry/routes.ts";
import type { ServingRoutes } from "../src/serving/routes.ts";
import { verifyAudit, type AuditTables } from "../src/storage/audit.ts";
import { openTestDatabase } from "../src/storage/fixtures/open-test-database.ts";
import type { TrackingRoutes } from "../src/tracking/routes.ts";
import { runProject, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const colors = ["red", "green", "blue"];
const row = (i: number): [size: number, color: string, price: number] => {
  const size = Math.round(((i * 7919) % 997) / 9.97) / 10;
  const color = colors[(i * 31) % 3];
  return [size, color, Math.round((3 * size + 5 * colors.indexOf(color) + Math.sin(i * 12.9898)) * 1000) / 1000];
};
const table = (rows: number): string => `size,color,price\n${Array.from({ length: rows }, (_, i) => row(i).join(",")).join("\n")}\n`;

test("from a table to a model that answers, is watched, and can be traced back", async () => {
  const folder = await temporaryFolder();
  const [home, source, file] = [join(folder, "home"), join(folder, "stones.csv"), join(folder, "millrace.yaml")];
  await writeFile(source, table(400));
  await writeFile(file, "model: stones\ndata: { source: stones.csv, target: price }\nmonitor: { window: 1h, label_delay: 0s }\n");
  const { url, gateway } = await startMillrace(home);

  const first = await runProject(url, file, "first");
  expect(first.reason).toBeNull();
  expect(first.state).toBe("succeeded");
  const { held } = first.steps.map((step) => (step.id === "evaluate" ? { held: Number(step.output?.["rows"]) } : undefined)).find((one) => one)!;
  // A fifth of the rows judge the model, though the project does not say that the target is a number.
  expect(held).toBeGreaterThan(50);

  // What the gateway answers is what the registered model predicts.
  const registry = client<RegistryRoutes>(url, "registry");
  const version = await registry("GET /models/:name/versions/:version", { params: { name: "stones", version: 1 } });
  if (version.origin !== "trained") throw new Error("it was trained here");
  expect(version).toMatchObject({ aliases: ["champion"], signature: { task: "regression", target: "price" }, gate: { passed: true } });
  const onnx = join(folder, "model.onnx");
  await writeFile(onnx, Buffer.from(await (await fetch(`${url}/api/registry/models/stones/versions/1/model.onnx`)).arrayBuffer()));
  const parquet = join(folder, "table.parquet");
  await ingest({ source, into: parquet });
  const predicted = await scoreOnnx(onnx, version.signature, await readTable(parquet));
  const expected = predicted.task === "regression" ? [...predicted.values] : [];
  const { loop } = await client<OptimizationRoutes>(url, "optimization")("GET /loops/:endpoint", { params: { endpoint: "stones" } });
  const answers: number[] = [];
  for (let i = 0; i < 30; i++) {
    const [size, color] = row(i);
    const body = {
      id: `request-${i}`,
      parameters: { event_time: loop.startedAt + i * 1000 },
      inputs: [
        { name: "size", shape: [1, 1], datatype: "FP32", data: [size] },
        { name: "color", shape: [1, 1], datatype: "BYTES", data: [color] },
      ],
    };
    const response = await fetch(`${gateway}/v2/models/stones/infer`, { method: "POST", body: JSON.stringify(body) });
    const answer = (await response.json()) as { model_version: string; outputs: { name: string; data: number[] }[] };
    expect([response.status, answer.model_version]).toEqual([200, "1"]);
    answers.push(answer.outputs.find((output) => output.name === "prediction")!.data[0]);
  }
  for (const [i, answer] of answers.entries()) expect(answer).toBeCloseTo(expected[i], 4);

  // Labels come in; what cannot be a label is refused whole; the window's error follows.
  const monitoring = client<MonitoringRoutes>(url, "monitoring");
  const labels = Array.from({ length: 30 }, (_, i) => ({ request_id: `request-${i}`, label: row(i)[2], arrived_at: loop.startedAt + 60_000 }));
  const send = (given: readonly { request_id: string; label: number | string | boolean; arrived_at?: number }[]) => monitoring("POST /monitors/:endpoint/labels", { params: { endpoint: "stones" }, query: {}, body: { labels: [...given] } });
  for (const label of ["dear", "", true]) {
    await expect(send([...labels, { request_id: "request-99", label }])).rejects.toMatchObject({ status: 400, code: "monitoring.bad_label", message: expect.stringContaining("request-99") as string });
  }
  await expect(send([{ request_id: "request-1", label: 1, arrived_at: 20_240_101 }])).rejects.toMatchObject({ status: 400, code: "monitoring.bad_time" });
  expect(await send(labels.slice(0, 20))).toMatchObject({ stored: 20, matched: 20, waiting: 0, ambiguous: 0 });
  expect(await send([...labels, { request_id: "nobody's", label: 1, arrived_at: loop.startedAt + 60_000 }])).toMatchObject({ stored: 31, matched: 30, waiting: 1, ambiguous: 0 });
  const time = loop.startedAt + 3_600_000;
  await client<OptimizationRoutes>(url, "optimization")("POST /loops/:endpoint/ticks", { params: { endpoint: "stones" }, body: { time } });
  const { windows } = await monitoring("GET /monitors/:endpoint/errors", { params: { endpoint: "stones" }, query: { variant: "served" } });
  const squares = answers.reduce((sum, answer, i) => sum + (answer - row(i)[2]) ** 2, 0);
  expect(windows).toMatchObject([{ start: loop.startedAt, end: time, predictions: 30, sums: { n: 30 } }]);
  expect(windows[0].metrics["rmse"]).toBeCloseTo(Math.sqrt(squares / 30), 4);

  // The way back from the answer to the table, and the other way.
  const { versions } = await client<DataRoutes>(url, "data")("GET /versions", { query: {} });
  const { edges } = await client<TrackingRoutes>(url, "tracking")("GET /lineage/:kind/:id", { params: { kind: "deployment", id: "stones" } });
  const way = (kind: string, id: string): string[] => edges.filter((edge) => edge.to.kind === kind && edge.to.id === id).flatMap((edge) => [`${edge.from.kind} ${edge.from.id} ${edge.role}`, ...way(edge.from.kind, edge.from.id)]);
  expect(way("deployment", "stones")).toEqual(expect.arrayContaining(["model_version stones/1 served_by", "run first produced", `dataset_version ${versions[0].id} trained_on`]));
  const down = await client<TrackingRoutes>(url, "tracking")("GET /lineage/:kind/:id", { params: { kind: "dataset_version", id: versions[0].id } });
  expect(down.edges.some((edge) => edge.to.kind === "deployment" && edge.to.id === "stones")).toBe(true);

  // Who did what and why stands in a chain that nobody has touched.
  const history = await client<ServingRoutes>(url, "serving")("GET /deployments/:endpoint/history", { params: { endpoint: "stones" } });
  expect(history.entries).toMatchObject([{ action: "serving.deployment_changed", reason: "version 1 passed the gate of run first" }]);
  const db = await openTestDatabase(join(home, "millrace.db"));
  onTestFinished(() => db.destroy());
  expect(await verifyAudit(db.withTables<AuditTables>())).toBeUndefined();

  // The same table again: nothing is read or trained twice. Another table: everything is.
  const cached = async (id: string): Promise<Record<string, boolean>> => Object.fromEntries((await runProject(url, file, id)).steps.map((step) => [step.id, step.cacheHit]));
  expect(await cached("second")).toMatchObject({ ingest: true, validate: true, train: true });
  await writeFile(source, table(500));
  expect(await cached("third")).toMatchObject({ ingest: false, validate: false, train: false, refit: false });
  const grown = await client<DataRoutes>(url, "data")("GET /versions", { query: {} });
  expect(grown.versions.map((one) => one.rows).sort((a, b) => a - b)).toEqual([400, 500]);
});
