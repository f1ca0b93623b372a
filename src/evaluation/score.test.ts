import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { madeFeatures, madeTable, madeTargets } from "../training/conformance/made-table.ts";
import { findTrainer } from "../training/trainers.ts";
import { scoreOnnx } from "./score.ts";

const rows = madeTable(40_000, 3);

test.each([
  ["gradient-boosting", "regression"],
  ["gradient-boosting", "binary"],
  ["gradient-boosting", "multiclass"],
  ["linear", "regression"],
  ["linear", "multiclass"],
] as const)("%s, %s: the answers of several threads are those of one, to the last bit", async (algorithm, task) => {
  const model = findTrainer(algorithm).train({ table: madeTable(1000), task, target: madeTargets[task], features: madeFeatures, params: {}, seed: 1 });
  const path = join(await temporaryFolder(), "model.onnx");
  await writeFile(path, model.toOnnx());
  const one = await scoreOnnx(path, model.signature, rows, 1);
  expect(await scoreOnnx(path, model.signature, rows, 2)).toEqual(one);
  expect(await scoreOnnx(path, model.signature, rows, 5)).toEqual(one);
});

test("a column that the model needs is missed on a thread, too", async () => {
  const model = findTrainer("linear").train({ table: madeTable(300), task: "regression", target: "amount", features: ["x 1.a", "colour"], params: {}, seed: 1 });
  const path = join(await temporaryFolder(), "model.onnx");
  await writeFile(path, model.toOnnx());
  const without = { ...rows, columns: rows.columns.filter(({ name }) => name !== "colour") };
  await expect(scoreOnnx(path, model.signature, without, 2)).rejects.toThrow("The table has no column colour, which the model needs");
});
