import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeHome, modelFile } from "../../fixtures/gateway-process.ts";
import { loadOnnx, onnxRuntime } from "./onnx-runtime.ts";
import type { Values } from "../../tensors/tensor.ts";

const oneTrip: Values[] = [Float32Array.of(1.5, NaN), Float32Array.of(2, 3), ["Rome", ""]];

describe("ONNX runtime", () => {
  test("tells inputs, outputs and classes of a model and scores rows", async () => {
    const model = await onnxRuntime.load(modelFile("churn"));
    expect(model.inputs.map(({ name, datatype, width }) => [name, datatype, width])).toEqual([
      ["distance", "FP32", 1],
      ["seats", "FP32", 1],
      ["city", "BYTES", 1],
    ]);
    expect(model.outputs).toEqual([
      { name: "label", datatype: "BYTES", tail: [1] },
      { name: "probabilities", datatype: "FP32", tail: [2] },
    ]);
    expect(model.classes).toEqual(["no", "yes"]);
    const [label, probabilities] = await model.run(2, [Float32Array.of(30, 1), Float32Array.of(1, 1), ["Oslo", "?"]]);
    expect(label.values).toEqual(["yes", "no"]);
    expect(probabilities.values[1]).toBeCloseTo(1, 6); // 71 - 50 is far on the side of yes
    await model.release();
  });

  test("a model that proves slow moves to a thread of its own while requests go on", async () => {
    const file = join(await makeHome(), "model.onnx");
    await copyFile(modelFile("trips-1"), file);
    const model = await loadOnnx(file, { seconds: 1e-9, bytes: Infinity });
    await copyFile(modelFile("trips-2"), file); // the thread loads the file again: the answer tells where it came from
    const answers = new Set<unknown>();
    for (let i = 0; i < 100_000 && !answers.has(1025); i++) {
      const [{ values }] = await model.run(2, oneTrip);
      answers.add(values[0]);
    }
    expect([...answers]).toEqual([25, 1025]);
    await model.release();
  });

  test.each([
    ["in the I/O thread", { seconds: Infinity, bytes: Infinity }],
    ["in a thread of its own", { seconds: Infinity, bytes: 0 }],
  ])("gives the same answers %s", async (_, limits) => {
    const model = await loadOnnx(modelFile("trips-1"), limits);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const [{ values, tail }] = await model.run(2, oneTrip);
        return [[...values], tail];
      }),
    );
    for (const answer of answers) expect(answer).toEqual([[25, 3], [1]]);
    await model.release();
  });

  test("a failure in the other thread comes back as a sentence and the thread goes on", async () => {
    const model = await loadOnnx(modelFile("picky"), { seconds: 1, bytes: 0 });
    await expect(model.run(1, [Float32Array.of(2e6)])).rejects.toThrow(/out of (data )?bounds/);
    const [{ values }] = await model.run(1, [Float32Array.of(7)]);
    expect([...values]).toEqual([7]);
    await model.release();
  });

  test.each([0, Infinity])("a file that is no model is refused by name (inline limit %s bytes)", async (bytes) => {
    const file = join(await makeHome(), "broken.onnx");
    await writeFile(file, "this is not a model");
    await expect(loadOnnx(file, { seconds: 1, bytes })).rejects.toThrow(`ONNX Runtime cannot load ${file}`);
  });

  test("a file that is missing is refused by name", async () => {
    await expect(onnxRuntime.load("/nowhere/m.onnx")).rejects.toThrow(
      "Cannot read the model file /nowhere/m.onnx: ENOENT",
    );
  });
});
