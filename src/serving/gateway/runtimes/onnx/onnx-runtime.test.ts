import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeHome, modelFile } from "../../fixtures/gateway-process.ts";
import { rowsOf } from "../../fixtures/tensors.ts";
import { loadOnnx, onnxRuntime } from "./onnx-runtime.ts";
import type { Tensor } from "../../tensors/tensor.ts";

const twoTrips: Tensor[] = [
  rowsOf("distance", 2, Float32Array.of(1.5, NaN)),
  rowsOf("seats", 2, Float32Array.of(2, 3)),
  rowsOf("city", 2, ["Rome", ""]),
];

describe("ONNX runtime", () => {
  test("tells inputs, outputs and classes of a model and scores rows", async () => {
    const model = await onnxRuntime.load(modelFile("churn"), {});
    expect(model.inputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
      ["distance", "FP32", [-1, 1]],
      ["seats", "FP32", [-1, 1]],
      ["city", "BYTES", [-1, 1]],
    ]);
    expect(model.outputs).toEqual([
      { name: "label", datatype: "BYTES", shape: [-1, 1] },
      { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
    ]);
    expect(model.classes).toEqual(["no", "yes"]);
    const [label, probabilities] = await model.run([
      rowsOf("distance", 2, Float32Array.of(30, 1)),
      rowsOf("seats", 2, Float32Array.of(1, 1)),
      rowsOf("city", 2, ["Oslo", "?"]),
    ]);
    expect(label.data).toEqual(["yes", "no"]);
    expect(probabilities.data[1]).toBeCloseTo(1, 6); // 71 - 50 is far on the side of yes
    await model.release();
  });

  test("a model that proves slow moves to a thread of its own while requests go on", async () => {
    const file = join(await makeHome(), "model.onnx");
    await copyFile(modelFile("trips-1"), file);
    const model = await loadOnnx(file, {}, { seconds: 1e-9, bytes: Infinity });
    await copyFile(modelFile("trips-2"), file); // the thread loads the file again: the answer tells where it came from
    const answers = new Set<unknown>();
    for (let i = 0; i < 100_000 && !answers.has(1025); i++) {
      const [{ data }] = await model.run(twoTrips);
      answers.add(data[0]);
    }
    expect([...answers]).toEqual([25, 1025]);
    await model.release();
  });

  test.each([
    ["in the I/O thread", { seconds: Infinity, bytes: Infinity }],
    ["in a thread of its own", { seconds: Infinity, bytes: 0 }],
  ])("gives the same answers %s", async (_, limits) => {
    const model = await loadOnnx(modelFile("trips-1"), {}, limits);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const [{ data, shape }] = await model.run(twoTrips);
        return [[...data], shape];
      }),
    );
    for (const answer of answers) expect(answer).toEqual([[25, 3], [2, 1]]);
    await model.release();
  });

  test("a failure in the other thread comes back as a sentence and the thread goes on", async () => {
    const model = await loadOnnx(modelFile("picky"), {}, { seconds: 1, bytes: 0 });
    await expect(model.run([rowsOf("amount", 1, Float32Array.of(2e6))])).rejects.toThrow(/out of (data )?bounds/);
    const [{ data }] = await model.run([rowsOf("amount", 1, Float32Array.of(7))]);
    expect([...data]).toEqual([7]);
    await model.release();
  });

  test("rows are scored request by request where the operator says so, and a request may then have none", async () => {
    const model = await onnxRuntime.load(modelFile("amount"), { rowwise: false });
    expect(model.rowwise).toBe(false);
    const [none] = await model.run([{ name: "amount", datatype: "FP32", shape: [0, 1], data: new Float32Array() }]);
    expect([none.shape, none.data.length]).toEqual([[0, 1], 0]);
    await model.release();
  });

  test("a model whose integers mean something is not refused for the numbers it was tried with", async () => {
    const model = await onnxRuntime.load(modelFile("reshaped"), {});
    expect(model.rowwise).toBe(false);
    const to: Tensor = { name: "to", datatype: "INT64", shape: [2], data: BigInt64Array.of(3n, 2n) };
    const [y] = await model.run([{ ...rowsOf("x", 6, Float32Array.of(1, 2, 3, 4, 5, 6)), shape: [6] }, to]);
    expect([y.shape, [...y.data]]).toEqual([[3, 2], [1, 2, 3, 4, 5, 6]]);
    await model.release();
  });

  test.each([0, Infinity])("a file that is no model is refused by name (inline limit %s bytes)", async (bytes) => {
    const file = join(await makeHome(), "broken.onnx");
    await writeFile(file, "this is not a model");
    await expect(loadOnnx(file, {}, { seconds: 1, bytes })).rejects.toThrow(`ONNX Runtime cannot load ${file}`);
  });

  test("a file that is missing is refused by name", async () => {
    await expect(onnxRuntime.load("/nowhere/m.onnx", {})).rejects.toThrow(
      "Cannot read the model file /nowhere/m.onnx: ENOENT",
    );
  });
});
