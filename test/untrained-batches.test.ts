import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { graphFacts } from "../src/serving/gateway/runtimes/onnx/rows/row-dependence.ts";
import { calibratedGraph } from "../src/training/calibration/calibrated-graph.ts";
import type { Calibration } from "../src/training/calibration/types.ts";
import { madeFeatures, madeTable, madeTargets } from "../src/training/conformance/made-table.ts";
import { naiveGraph, naiveOf } from "../src/training/naive.ts";
import { findTrainer } from "../src/training/trainers.ts";
import type { Task } from "../src/training/types.ts";
import { temporaryFolder } from "./temporary-folder.ts";

test.each<[Task, Calibration]>([
  ["regression", { kind: "linear", slope: 2, offset: -1 }],
  ["binary", { kind: "logits", slope: 0.5, biases: [0.1, -0.1] }],
  ["multiclass", { kind: "logits", slope: 0.5, biases: [0.1, -0.1, 0] }],
])("the gateway may ask a recalibrated model, and a naive predictor, of %s about rows of several requests at once", async (task, calibration) => {
  const table = madeTable(200);
  const model = findTrainer("gradient-boosting").train({ table, target: madeTargets[task], task, features: madeFeatures, params: { iterations: 3 }, seed: 1 });
  const { signature } = model;
  const file = join(await temporaryFolder(), "model.onnx");
  for (const graph of [calibratedGraph(model.toOnnx(), signature, calibration), naiveGraph(naiveOf(table, madeTargets[task], signature), signature)]) {
    await writeFile(file, graph);
    expect(graphFacts(file)).toEqual({ independent: true });
  }
});
