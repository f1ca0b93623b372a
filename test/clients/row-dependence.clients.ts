import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { at, makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { askTogether } from "../../src/serving/gateway/runtimes/onnx/rows/fixtures/crowd.ts";
import { graphFacts } from "../../src/serving/gateway/runtimes/onnx/rows/row-dependence.ts";
import { pythonWith, runScript } from "./python.ts";

let folder: string;
let mixing: ReadonlySet<string>;

beforeAll(async () => {
  const python = await pythonWith("rows", ["onnx==1.23.2", "numpy==2.4.6", "onnxruntime==1.32.0", "sympy==1.14.0"]);
  folder = await mkdtemp(join(tmpdir(), "millrace-rows-"));
  const script = fileURLToPath(new URL("row_dependence_models.py", import.meta.url));
  mixing = new Set((JSON.parse(await runScript(python, script, { FOLDER: folder })) as { mixing: string[] }).mixing);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("no graph of ONNX's backend tests is shown to have independent rows that onnxruntime answers otherwise together than alone", async () => {
  const files = await readdir(join(folder, "cases"));
  const shown = files.filter((file) => graphFacts(join(folder, "cases", file)).independent).map((file) => file.replace(/\.onnx$/, ""));
  expect(shown.filter((name) => mixing.has(name))).toEqual([]);
  // It can see it, and it is not refused out of caution alone.
  expect([mixing.size > 500, shown.length > 800]).toEqual([true, true]);
});

test("what quantize_dynamic makes of models answers a quiet client as alone, an outlier beside it", async () => {
  const names = ["linear", "soft", "perceptron"];
  const models = Object.fromEntries(names.flatMap((name) => [name, `${name}-int8`]).map((name) => [name, at(join(folder, "int8", `${name}.onnx`), { options: { instances: 1 } })]));
  const gateway = await startOwn(await makeFolder(), models);
  const rows = [1, 1000, -30].map((factor) => JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape: [1, 100], data: Array.from({ length: 100 }, (_, i) => factor * (((i * 7) % 9) / 4 - 1)) }] }));
  for (const name of names) {
    const independent = async (model: string) => ((await (await fetch(`${gateway.url}/v2/models/${model}`)).json()) as { parameters: { independent_rows: boolean } }).parameters.independent_rows;
    expect([name, await independent(name), await independent(`${name}-int8`)]).toEqual([name, true, false]);
    expect([name, await askTogether(`${gateway.url}/v2/models/${name}-int8/infer`, rows, { requests: 600, connections: 32 })]).toEqual([name, { different: 0 }]);
  }
});
