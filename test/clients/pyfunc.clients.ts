import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { config, endpoint, makeHome, startProcess } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import type { GatewayProcess } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { keptLog, score } from "../../src/serving/gateway/fixtures/load-model.ts";
import { rowsOf } from "../../src/serving/gateway/fixtures/tensors.ts";
import { Batcher, defaultBatchLimits } from "../../src/serving/gateway/models/batcher.ts";
import { Turns } from "../../src/serving/gateway/models/turns.ts";
import { runtimeConformance } from "../../src/serving/gateway/runtimes/conformance/runtime-conformance.ts";
import { realClock } from "../../src/serving/gateway/runtimes/python/clock.ts";
import { loadPyfunc } from "../../src/serving/gateway/runtimes/python/python-runtime.ts";
import type { LoadOptions } from "../../src/serving/gateway/runtimes/runtime.ts";
import type { Tensor } from "../../src/serving/gateway/tensors/tensor.ts";
import { savePyfuncModels } from "./pyfunc-models.ts";

const run = promisify(execFile);
let python: string;
let folder: string;
let oracle: { rows: { columns: string[]; data: number[][] }; iris: number[]; trees: number[]; matrix: number[][]; bare: number[] };

const prepared = (async () => {
  process.env["PYTHONHASHSEED"] = "0"; // MLflow's messages name sets
  ({ python, folder } = await savePyfuncModels());
  process.env["MILLRACE_GATEWAY_PYTHON"] = python;
  oracle = JSON.parse(await readFile(join(folder, "oracle.json"), "utf8")) as typeof oracle;
})();
beforeAll(() => prepared);
afterAll(() => rm(folder, { recursive: true, force: true }));

runtimeConformance("python", async () => {
  await prepared;
  const nonsense = join(folder, "nonsense");
  await mkdir(nonsense);
  await writeFile(join(nonsense, "MLmodel"), "flavors: {}\n");
  return { trips: join(folder, "trips"), picky: join(folder, "picky"), nonsense };
});

/** A gateway that serves models under their names. */
async function serve(...names: string[]): Promise<GatewayProcess> {
  const variants = names.map((name) => endpoint(name, { name: "champion", version: "1", location: join(folder, name), weight: 1, shadow: false }));
  return startProcess(await makeHome(config(1, ...variants)));
}

async function load(name: string, options: LoadOptions = {}) {
  const log = keptLog();
  const model = await loadPyfunc(join(folder, name), options, { log }, realClock);
  onTestFinished(() => model.release());
  const held = { model, batcher: new Batcher(model, defaultBatchLimits, { inline: new Turns(1), threads: new Turns(2) }, () => undefined) };
  return { model, log, ask: (...tensors: Tensor[]) => score(held, tensors) };
}

const text = (name: string, ...values: string[]) => rowsOf(name, values.length, values);

describe("models that the mlflow client saved", () => {
  test("answer as pyfunc itself: scikit-learn and LightGBM, by columns, by tensors and without a signature", async () => {
    const gateway = await serve("iris", "trees", "matrix", "bare");
    const { columns, data } = oracle.rows;
    const count = data.length;
    const byColumn = { inputs: columns.map((name, at) => ({ name, datatype: "FP64", shape: [count, 1], data: data.map((row) => row[at]) })) };
    const asMatrix = (name: string) => ({ inputs: [{ name, datatype: "FP64", shape: [count, 4], data: data.flat() }] });
    for (const name of ["iris", "trees"] as const) {
      const { status, body } = await gateway.infer(name, byColumn);
      expect([status, body.outputs![0].data]).toEqual([200, oracle[name]]);
    }
    const proba = await gateway.infer("matrix", asMatrix("input"));
    expect(proba.body.outputs![0]).toMatchObject({ name: "output", shape: [count, 3], datatype: "FP64", data: oracle.matrix.flat() });
    expect((await gateway.infer("bare", asMatrix("x"))).body.outputs![0].data).toEqual(oracle.bare);
  });

  test("parameters by MLflow's protocol; what the model prints disturbs nothing and is in the log", async () => {
    const gateway = await serve("loud");
    const invoke = async (body: object) => (await fetch(`${gateway.url}/invocations`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })).json();
    expect(await invoke({ dataframe_records: [{ text: "ü" }], params: { mark: "?" } })).toEqual({ predictions: ["Ü?"] });
    expect((await gateway.infer("loud", { inputs: [{ name: "text", datatype: "BYTES", shape: [2], data: ["a", "b"] }] })).body.outputs![0].data).toEqual(["A!", "B!"]);
    await gateway.admin("flush");
    expect((await gateway.admin("status")).log.written).toBe(3);
    const { log, ask } = await load("loud");
    await ask(text("text", "a"));
    expect(log.messages.join("\n")).toMatch(/printed by the model[^]*written to descriptor 1/);
  });

  test("are scored request by request, unless an operator vouches for their rows", async () => {
    const { model } = await load("iris");
    expect(model).toMatchObject({ rowwise: true, independentRows: false, dependence: expect.stringMatching(/not known/) });
    expect((await load("iris", { rowwise: true })).model).toMatchObject({ rowwise: true, independentRows: true });
  });

  test("streams come in parts", async () => {
    const { model } = await load("loud");
    const parts: unknown[] = [];
    for await (const [part] of model.stream!([text("text", "one two three")])) parts.push(part.data);
    expect(parts).toEqual([["one"], ["two"], ["three"]]);
  });

  test("columns arrive with the types of the signature; optional ones may lack; what is missing is None or NaT", async () => {
    const { model, ask } = await load("kinds");
    expect(model.inputs.map(({ datatype, optional }) => (optional ? `${datatype}?` : datatype))).toEqual(["BOOL", "INT32", "INT64", "FP32", "FP64", "BYTES", "BYTES", "BYTES", "FP64?", "BYTES"]);
    const tensors = [
      { name: "boolean", datatype: "BOOL", shape: [2, 1], data: Uint8Array.of(1, 0) },
      { name: "integer", datatype: "INT32", shape: [2, 1], data: Int32Array.of(1, -1) },
      rowsOf("long", 2, BigInt64Array.of(2n ** 60n, 0n)),
      rowsOf("float", 2, Float32Array.of(0.5, NaN)),
      rowsOf("double", 2, Float64Array.of(0.1, NaN)),
      text("string", "ü", ""),
      { name: "binary", datatype: "BYTES", shape: [2, 1], data: [Uint8Array.of(255, 0), "a"] },
      text("datetime", "2026-01-02T03:04:05", ""),
      text("list", "[1, 2]", "[]"),
    ] as Tensor[];
    const said = Object.fromEntries((await ask(...tensors)).map(({ name, data }) => [name, data]));
    expect(said).toMatchObject({
      boolean: ["bool True", "bool False"],
      integer: ["int32 1", "int32 -1"],
      long: ["int64 1152921504606846976", "int64 0"],
      float: ["float32 0.5", "float32 nan"],
      double: ["float64 0.1", "float64 nan"],
      string: ["object 'ü'", "object None"],
      binary: [String.raw`object b'\xff\x00'`, "object b'a'"],
      datetime: [expect.stringContaining("2026-01-02 03:04:05"), expect.stringContaining("NaT")],
      list: [expect.stringContaining("1, 2"), expect.stringContaining("[]")],
    });
    await expect(ask(...tensors.with(7, text("datetime", "yesterday", "x")))).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/^inputs "datetime": data\[0\]/) });
    await expect(ask(...tensors.with(8, text("list", "[1", "[]")))).rejects.toMatchObject({ status: 400, message: expect.stringMatching(/"list" takes JSON text/) });
  });

  test.each<[string, unknown[]]>([
    ["dict", [["a", "FP64", [2], [1.5, 2.5]], ["b", "BYTES", [2], ["x", "y"]]]],
    ["list", [["output", "INT64", [3], [1n, 2n, 3n]]]],
    ["ragged", [["output", "BYTES", [2], ["[1]", "[2, 3]"]]]],
    ["scalar", [["output", "INT64", [1], [7n]]]],
    ["text", [["output", "BYTES", [1], ["done"]]]],
    ["records", [["a", "INT64", [2, 1], [1n, 2n]], ["b", "BYTES", [2, 1], ["x", ""]]]],
    ["series", [["flag", "BOOL", [2, 1], [1, 0]]]],
    ["frame", [["when", "BYTES", [2, 1], [expect.stringMatching(/^2026-01-02T00:00:00/), ""]], ["n", "FP64", [2, 1], [1, NaN]], ["f", "FP32", [2, 1], [1, 2]]]],
    ["matrix", [["output", "INT64", [2, 3], [0n, 1n, 2n, 3n, 4n, 5n]]]],
    ["nothing", [["output", "BYTES", [1], [""]]]],
  ])("an answer that is a %s becomes tensors", async (kind, expected) => {
    const { ask } = await load("shapes");
    expect((await ask(text("kind", kind))).map(({ name, datatype, shape, data }) => [name, datatype, shape, [...data]])).toEqual(expected);
  });
});

describe("models that misbehave", () => {
  test("raising is a 500 that names the exception and no file; exiting is a 503; the model goes on", async () => {
    const gateway = await serve("wild");
    const ask = (what: string) => gateway.infer("wild", { inputs: [{ name: "what", datatype: "BYTES", shape: [1], data: [what] }] });
    const raised = await ask("raise");
    expect([raised.status, raised.body.error]).toEqual([500, expect.stringMatching(/RuntimeError: raised on purpose$/)]);
    const exited = await ask("exit");
    expect([exited.status, exited.body.error]).toEqual([503, "The process of the model ended before it answered the request, twice."]);
    await expect.poll(async () => (await ask("fine")).status, { timeout: 60_000, interval: 250 }).toBe(200);
  });

  test("hanging is a 504, and the worker a new one", async () => {
    const { model, ask } = await load("wild", { runTimeoutMs: 1500 });
    const [before] = model.pids;
    await expect(ask(text("what", "hang"))).rejects.toMatchObject({ status: 504 });
    expect((await ask(text("what", "fine")))[0].data).toEqual(["fine"]);
    expect(model.pids).not.toContain(before);
  });

  test("an environment without mlflow, and a folder that is broken, are told", async () => {
    const bare = join(folder, "bare-python");
    await run("python3", ["-m", "venv", "--without-pip", bare]);
    await expect(load("iris", { python: join(bare, "bin", "python") })).rejects.toThrow(/bare-python\/bin\/python has no mlflow, which MLflow models need .*install mlflow and what the model's requirements\.txt names/);
    await mkdir(join(folder, "broken"));
    await copyFile(join(folder, "chat", "MLmodel"), join(folder, "broken", "MLmodel"));
    await expect(load("broken")).rejects.toThrow(/broken cannot be loaded: FileNotFoundError: .*python_model\.pkl/);
  });

  test("kill -9 of workers under load: every answer is right, or a 503", async () => {
    const gateway = await serve("trips");
    const workers = async () => (await run("pgrep", ["-P", String(gateway.child.pid)]).catch(() => ({ stdout: "" }))).stdout.trim().split("\n").filter(Boolean).map(Number);
    let stop = false;
    const counts = { right: 0, refused: 0 };
    const clients = Array.from({ length: 8 }, async (_, client) => {
      for (let turn = 0; !stop; turn++) {
        const distance = client * 1000 + turn;
        const inputs = [
          { name: "distance", datatype: "FP64", shape: [1], data: [distance] },
          { name: "seats", datatype: "FP64", shape: [1], data: [1] },
          { name: "city", datatype: "BYTES", shape: [1], data: ["Oslo"] },
        ];
        const { status, body } = await gateway.infer("trips", { inputs });
        if (status === 200) {
          expect(body.outputs![0].data).toEqual([2 * distance + 11]);
          counts.right++;
        } else {
          expect([status, body.error]).toEqual([503, expect.stringMatching(/process of the model/i)]);
          counts.refused++;
        }
      }
    });
    for (let kills = 0; kills < 3; kills++) {
      const before = counts.right;
      await expect.poll(() => counts.right, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before + 20);
      for (const pid of await workers()) process.kill(pid, "SIGKILL");
    }
    const before = counts.right;
    await expect.poll(() => counts.right, { timeout: 60_000, interval: 20 }).toBeGreaterThan(before + 20);
    stop = true;
    await Promise.all(clients);
    const [worker] = await workers();
    gateway.child.kill("SIGKILL");
    await expect.poll(() => alive(worker), { timeout: 10_000, interval: 50 }).toBe(false);
  });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** MLflow's own scoring server for a model. */
async function mlflowServer(name: string): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  const env = { ...process.env, __pyfunc_model_path__: join(folder, name), MLFLOW_DISABLE_TELEMETRY: "true" };
  const child = spawn(python, ["-m", "uvicorn", "--host", "127.0.0.1", "--port", String(port), "mlflow.pyfunc.scoring_server.app:app"], { env, stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await expect.poll(() => fetch(`${url}/ping`).then(({ status }) => status, () => 0), { timeout: 60_000, interval: 200 }).toBe(200);
  return url;
}

type Case = readonly [name: string, body: unknown, status: number, contentType?: string];

/** The requests of MLflow's tests/pyfunc/test_scoring_server.py, and more. */
function scoringCases(): Case[] {
  const { columns, data } = oracle.rows;
  const records = data.map((row) => Object.fromEntries(row.map((value, at) => [columns[at], value])));
  const csv = [columns.join(","), ...data.map((row) => row.join(","))].join("\n");
  return [
    ["malformed JSON", "this is,,,, not valid json", 400],
    ["a number", 1, 400],
    ["text", '"1"', 400],
    ["a list", [1], 400],
    ["no known form", { not: "a serialized dataframe" }, 400],
    ["two forms", { dataframe_records: [], dataframe_split: { data: [] } }, 400],
    ["split as a list", { dataframe_split: [] }, 400],
    ["records as a dictionary", { dataframe_records: {} }, 400],
    ["an index of another length", { dataframe_split: { index: [1, 2], data: [[1], [2], [3]] } }, 400],
    ["columns that the model lacks", { dataframe_split: { columns: ["0"], data: [[1], [2]] } }, 400],
    ["a value of another type", { dataframe_records: [{ ...records[0], [columns[0]]: "far" }] }, 400],
    ["empty CSV", "", 400, "text/csv"],
    ["empty Parquet", "", 400, "application/vnd.apache.parquet"],
    ["another content type", "{}", 415, "not_a_supported_content_type"],
    ["another parameter", "{}", 415, "application/json; something=something"],
    ["another charset", "{}", 415, "application/json; charset=latin-1"],
    ["records", { dataframe_records: records }, 200],
    ["records with a charset", { dataframe_records: records }, 200, "application/json; charset=UTF-8"],
    ["split", { dataframe_split: oracle.rows }, 200],
    ["split in another order", { dataframe_split: { columns: columns.toReversed(), data: data.map((row) => row.toReversed()) } }, 200],
    ["CSV", csv, 200, "text/csv"],
    ["instances", { instances: records }, 200],
    ["inputs", { inputs: Object.fromEntries(columns.map((name, at) => [name, data.map((row) => row[at])])) }, 200],
    ["NaN", `{"dataframe_records": [${JSON.stringify(records[0]).replace(/:[\d.]+/, ":NaN")}]}`, 400],
    ["params that nothing takes", { dataframe_split: oracle.rows, params: { a: 1 } }, 200],
  ];
}

const chatCases: Case[] = [
  ["a chat, unwrapped", { messages: [{ role: "user", content: "hello!" }], temperature: 0.1, max_tokens: 20 }, 200],
  ["a chat in a data frame", { dataframe_records: [{ messages: [{ role: "user", content: "hi" }] }], params: { temperature: 1 } }, 200],
  ["a parameter of another type", { messages: [{ role: "user", content: "hi" }], temperature: "warm" }, 400],
];

async function answerOf(url: string, body: unknown, contentType = "application/json") {
  const answer = await fetch(`${url}/invocations`, { method: "POST", headers: { "content-type": contentType }, body: typeof body === "string" ? body : JSON.stringify(body) });
  const said = await answer.text();
  const json = answer.headers.get("content-type")?.startsWith("application/json") ? (JSON.parse(said) as Record<string, unknown>) : said;
  // Where in MLflow's code it failed differs by who called it.
  if (typeof json === "object") delete json["stack_trace"];
  return { status: answer.status, json };
}

describe("MLflow's scoring protocol", () => {
  test.each([["iris", scoringCases], ["chat", () => chatCases]] as const)("%s: every request is answered as MLflow's own server answers it", async (name, cases) => {
    const [ours, theirs] = await Promise.all([serve(name), mlflowServer(name)]);
    for (const [what, body, status, contentType] of cases()) {
      const expected = await answerOf(theirs, body, contentType);
      expect({ what, status: expected.status }).toEqual({ what, status });
      expect({ what, ...(await answerOf(ours.url, body, contentType)) }).toEqual({ what, ...expected });
    }
  });

  test("MLflow's own client speaks to the gateway", async () => {
    const gateway = await serve("iris");
    const { port } = gateway.address;
    const code = `
import json, pandas as pd
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
client = ScoringServerClient("127.0.0.1", ${port})
client.wait_server_ready()
rows = json.loads('''${JSON.stringify(oracle.rows)}''')
print(json.dumps(client.invoke(pd.DataFrame(rows["data"], columns=rows["columns"])).get_predictions().to_numpy()[:, 0].tolist()))
`;
    const { stdout } = await run(python, ["-c", code], { env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" } });
    expect(JSON.parse(stdout)).toEqual(oracle.iris);
  });
});
