import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { modelFile } from "../../fixtures/gateway-process.ts";
import { makeFolder } from "../../fixtures/own-gateway.ts";
import { onnxRuntime } from "./onnx-runtime.ts";

/** A model of the fixtures in a folder as `mlflow.onnx.save_model` of MLflow 3.17 writes it, loaded and tried. */
async function tried(name: string, files: Readonly<Record<string, unknown>>, more: { readonly signature?: object[]; readonly info?: string } = {}) {
  const folder = await makeFolder();
  await copyFile(modelFile(name), join(folder, "model.onnx"));
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), typeof content === "string" ? content : JSON.stringify(content));
  const { signature, info = "{ artifact_path: input_example.json, serving_input_path: serving_input_example.json, type: dataframe, pandas_orient: split }" } = more;
  await writeFile(join(folder, "MLmodel"), `flavors:\n  onnx:\n    data: model.onnx\nsaved_input_example_info: ${info}\n${signature ? `signature:\n  inputs: '${JSON.stringify(signature)}'\n` : ""}`);
  const model = await onnxRuntime.load(join(folder, "model.onnx"), {});
  await model.release();
  return model;
}

const notCompared = /could not be compared: the model takes none of the samples/;
const cities = { columns: ["city"], data: [["Oslo"], ["Bergen"], ["Oslo"]] };

describe("the input example that was logged with a graph is tried beside what is made up", () => {
  // hidden.onnx takes two cities that its graph does not show, reshaped.onnx a shape that no made-up numbers are.
  test.each<[what: string, model: string, files: Record<string, unknown>]>([
    ["a frame, as MLflow 3 keeps it for its server", "hidden", { "serving_input_example.json": { dataframe_split: cities } }],
    ["a frame, as MLflow 2.10 keeps it", "hidden", { "input_example.json": cities }],
    ["columns by name", "hidden", { "serving_input_example.json": { inputs: { city: ["Oslo", "Bergen"] } } }],
    ["an array", "hidden", { "input_example.json": ["Oslo", "Bergen"] }],
    ["one row", "hidden", { "input_example.json": { columns: ["city"], data: [["Oslo"]] } }],
    ["arrays of a model without rows", "reshaped", { "serving_input_example.json": { inputs: { x: [1, 2, 3, 4, 5, 6], to: [2, 3] } } }],
  ])("%s", async (_, name, files) => {
    expect((await tried(name, {})).remarks).toEqual([expect.stringMatching(notCompared)]);
    const { remarks, rowwise } = await tried(name, files);
    expect([remarks, rowwise]).toEqual([[], name === "hidden"]);
  });

  test("by the names that a signature gives the columns of a matrix, in any order", async () => {
    const signature = ["a", "b", "c", "d"].map((name) => ({ type: "double", name, required: true }));
    const example = (columns: string[]) => ({ "input_example.json": { columns, data: [[1, 2, 3, 4], [5, 6, 7, 8]] } });
    expect((await tried("digits", example(["d", "b", "c", "a"]), { signature })).remarks).toEqual([]);
    expect((await tried("digits", example(["d", "b", "c", "e"]), { signature })).remarks).toEqual([expect.stringMatching(/does not take the input example that was logged with it: The input "a" is missing/)]);
  });
});

test.each<[what: string, files: Record<string, unknown>, said: RegExp]>([
  ["unknown to its encoder", { "input_example.json": { columns: ["city"], data: [["Paris"]] } }, /no category that the model's encoder knows/],
  ["of another table", { "input_example.json": { columns: ["town"], data: [["Oslo"]] } }, /"city" is missing/],
  ["no JSON", { "input_example.json": "{" }, /JSON/],
])("an example that is %s is told, and hinders nothing", async (_, files, said) => {
  const { remarks, rowwise } = await tried("hidden", files);
  expect(remarks).toEqual([expect.stringMatching(notCompared), expect.stringMatching(said)]);
  expect(rowwise).toBe(true);
});

test.each<[what: string, info: string]>([
  ["a file elsewhere", "{ artifact_path: ../other.json }"],
  ["an image", "{ artifact_path: input_example.png }"],
  ["no file", "{ artifact_path: missing.json }"],
  ["a text", "input_example.json"],
])("%s is no example", async (_, info) => {
  expect((await tried("amount", { "input_example.json": "{" }, { info })).remarks).toEqual([]);
});
