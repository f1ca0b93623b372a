import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { config, endpoint, makeHome, modelFile, startProcess, variant } from "../fixtures/gateway-process.ts";
import { rowsOf } from "../fixtures/tensors.ts";
import { headOf } from "./chunk-head.ts";
import type { LogEntry } from "./log-entry.ts";
import { PredictionLog } from "./prediction-log.ts";

async function query(sql: string) {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
  }
}

const signature = JSON.stringify([{ type: "double", name: "age" }, { type: "long", name: "income" }, { type: "float", name: "float_input" }, { type: "boolean", name: "owner" }]);

test("rows of a matrix whose columns are named are logged by these names, however they came", async () => {
  const home = await makeHome();
  // digits.onnx is one matrix, float_input [N, 4], of which MLflow's signature names the columns.
  await copyFile(modelFile("digits"), join(home, "model.onnx"));
  await writeFile(join(home, "MLmodel"), `flavors:\n  onnx:\n    data: model.onnx\nsignature:\n  inputs: '${signature}'\n`);
  const named = variant("champion", "digits", 1, { location: join(home, "model.onnx") });
  const nameless = variant("champion", "digits", 1);
  await writeFile(join(home, "gateway", "config.json"), JSON.stringify(config(1, endpoint("named", named), endpoint("nameless", nameless))));
  const gateway = await startProcess(home);
  const matrix = (id: string, data: readonly number[]) => ({ id, inputs: [{ name: "float_input", datatype: "FP32", shape: [1, 4], data }] });
  const columns = { owner: 1, float_input: 3, income: 2, age: 1 };
  for (const [model, body] of [
    ["named", { id: "by name", inputs: Object.entries(columns).map(([name, value]) => ({ name, datatype: "FP32", shape: [1], data: [value] })) }],
    ["named", matrix("by place", [1, 2, 3, 0])],
    ["nameless", matrix("without names", [1, 2, 3, 4])],
  ] as const) expect((await gateway.infer(model, body)).status).toBe(200);
  expect((await gateway.admin("flush")).status).toBe(200);

  const log = (name: string) => query(`select columns('request_id|^input_'), row_digest from '${home}/predictions/${name}/*/*.parquet' order by request_id`);
  expect(await log("named")).toEqual([
    { request_id: "by name", input_age: 1, input_income: 2, input_float_input: 3, input_owner: 1, row_digest: expect.any(String) },
    { request_id: "by place", input_age: 1, input_income: 2, input_float_input: 3, input_owner: 0, row_digest: expect.any(String) },
  ]);
  expect(await log("nameless")).toEqual([{ request_id: "without names", input_float_input_0: 1, input_float_input_1: 2, input_float_input_2: 3, input_float_input_3: 4, row_digest: expect.any(String) }]);
});

const entryOf = (width: number, more: Partial<LogEntry["source"]> = {}): LogEntry => ({
  source: { endpoint: "e", version: "1", variant: "v", shadow: false, logShare: 1, classes: undefined, columns: new Map([["X", Array.from({ length: 300 }, (_, at) => `c${at}`)]]), knowsCategories: false, ...more },
  requestId: "r",
  eventTime: 0,
  receivedAt: 0,
  propensity: 1,
  latencyMicros: 0,
  queueMicros: 0,
  runMicros: 0,
  rows: 1,
  inputs: [{ name: "X", datatype: "FP32", shape: [1, width], data: new Float32Array(width) }],
  outputs: [rowsOf("y", 1, Float32Array.of(1))],
});

test("a table of many columns is logged whole, as one input for each would be; a matrix of another width by its shape", () => {
  const columns = (entry: LogEntry) => headOf(entry).tensors.filter(({ from }) => from === "inputs").flatMap((tensor) => tensor.columns);
  expect(columns(entryOf(300))).toEqual(Array.from({ length: 300 }, (_, at) => `input_c${at}`));
  expect(columns(entryOf(299))).toEqual(["input_X_shape"]);
});

test("a category that a column does not know is logged by the column's name", async () => {
  const texts = { name: "X", datatype: "BYTES" as const, shape: [2, 2], data: ["Oslo", "a", "Rome", "b"] };
  const entry: LogEntry = { ...entryOf(1, { columns: new Map([["X", ["city", "kind"]]]), knowsCategories: true }), rows: 2, inputs: [texts], outputs: [rowsOf("y", 1, Float32Array.of(1, 2))], unseen: new Map([["city", [1]]]) };
  const home = await makeHome();
  const log = new PredictionLog({ directory: join(home, "predictions"), journals: join(home, "journals"), owner: "own", fileRows: 10, seconds: 3600, capacity: 10, capacityBytes: 1e6, onError: (message) => expect.unreachable(message) });
  log.append(entry);
  await log.close();
  expect(await query(`select input_city, input_kind, unseen from '${home}/predictions/e/*/*.parquet' order by row_index`)).toEqual([
    { input_city: "Oslo", input_kind: "a", unseen: null },
    { input_city: "Rome", input_kind: "b", unseen: '["city"]' },
  ]);
});
