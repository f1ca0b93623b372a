import { describe, expect, test } from "vitest";
import type { Table } from "../../data/types.ts";
import { trainers } from "../trainers.ts";
import type { Prediction, Task, TrainedModel, Trainer } from "../types.ts";
import { madeFeatures, madeTable, madeTargets } from "./made-table.ts";
import { runOnnx } from "./run-onnx.ts";

const tasks = ["regression", "binary", "multiclass"] as const;
const trainerTasks = trainers.flatMap((trainer) => tasks.map((task) => ({ name: trainer.name, trainer, task })));

function train(
  trainer: Trainer,
  task: Task,
  table: Table,
  more: { weights?: Float64Array; features?: readonly string[]; seed?: number } = {},
): TrainedModel {
  const { seed = 7, features = madeFeatures, ...rest } = more;
  return trainer.train({ table, task, target: madeTargets[task], features, params: {}, seed, ...rest });
}

const numbersOf = (prediction: Prediction): Float64Array =>
  prediction.task === "regression" ? prediction.values : prediction.probabilities;

/** Mean squared error, or share of rows whose most likely class is wrong. */
function errorOf(prediction: Prediction, table: Table, task: Task): number {
  const target = table.columns.find(({ name }) => name === madeTargets[task])!;
  let sum = 0;
  for (let row = 0; row < table.rows; row++) {
    if (prediction.task === "regression")
      sum += target.type === "number" ? (prediction.values[row] - target.values[row]) ** 2 : NaN;
    else
      sum +=
        labelOf(prediction, row) === (target.type === "category" ? target.dictionary[target.codes[row]] : NaN) ? 0 : 1;
  }
  return sum / table.rows;
}

function labelOf(prediction: Exclude<Prediction, { task: "regression" }>, row: number): string {
  const width = prediction.classes.length;
  const own = prediction.probabilities.subarray(row * width, (row + 1) * width);
  return prediction.classes[own.indexOf(Math.max(...own))];
}

/**
 * The largest difference between what the exported model answers and what the model predicts, relative to the largest
 * prediction; ∞ if a label differs.
 */
async function servedDifference(model: TrainedModel, table: Table, batch = table.rows): Promise<number> {
  const prediction = model.predict(table);
  const expected = numbersOf(prediction);
  const { values, labels } = await runOnnx(model, table, batch);
  const expectedLabels =
    prediction.task === "regression" ? [] : Array.from({ length: table.rows }, (_, row) => labelOf(prediction, row));
  if (values.length !== expected.length || labels.join("\n") !== expectedLabels.join("\n")) return Infinity;
  return Math.max(...values.map((value, i) => Math.abs(value - expected[i]))) / Math.max(1, ...expected.map(Math.abs));
}

describe.each(trainerTasks)("$name, $task", ({ trainer, task }) => {
  test("learns what the features tell and predicts rows it has not seen", () => {
    const model = train(trainer, task, madeTable(1500));
    const fresh = madeTable(500, 2);
    const mostWrong = { regression: 900, binary: 0.15, multiclass: 0.22 };
    expect(errorOf(model.predict(fresh), fresh, task)).toBeLessThan(mostWrong[task]);
  });

  test("gives class probabilities in order of the sorted labels that sum to 1", () => {
    const prediction = train(trainer, task, madeTable(300)).predict(madeTable(50, 2));
    const classes = { regression: [], binary: ["no", "yes"], multiclass: ["low", "mid", "top"] }[task];
    expect(prediction).toMatchObject(task === "regression" ? { task } : { task, classes });
    const width = Math.max(1, classes.length);
    const numbers = numbersOf(prediction);
    expect(numbers.length).toBe(50 * width);
    const sums =
      task === "regression"
        ? []
        : Array.from({ length: 50 }, (_, row) =>
            numbers.subarray(row * width, (row + 1) * width).reduce((a, b) => a + b),
          );
    for (const sum of sums) expect(sum).toBeCloseTo(1, 12);
  });

  test("is the same model for the same seed, bit for bit", () => {
    const table = madeTable(400);
    const [a, b] = [train(trainer, task, table), train(trainer, task, table)];
    expect(a.predict(table)).toEqual(b.predict(table));
    expect(Buffer.compare(a.toOnnx(), b.toOnnx())).toBe(0);
  });

  test("is served through onnxruntime as it predicts", async () => {
    const model = train(trainer, task, madeTable(800));
    expect(await servedDifference(model, madeTable(300, 2))).toBeLessThan(2e-6);
    expect(await servedDifference(model, madeTable(20, 3), 1)).toBeLessThan(2e-6);
  });

  test.each([2, 5, 30])("trains on %i rows", async (rows) => {
    const made = madeTable(rows);
    const model = train(trainer, task, withAllClasses(made));
    expect(numbersOf(model.predict(made)).every(Number.isFinite)).toBe(true);
    expect(await servedDifference(model, made)).toBeLessThan(2e-6);
  });

  test.each([[["constant"]], [["same"]], [["empty"]], [["nothing"]]])(
    "trains on the one feature %s, which tells nothing",
    async (features) => {
      const table = madeTable(200);
      const model = train(trainer, task, table, { features });
      const numbers = numbersOf(model.predict(table));
      const width = numbers.length / table.rows;
      for (let i = width; i < numbers.length; i++) expect(numbers[i]).toBe(numbers[i - width]);
      expect(Object.values(model.importances)).toEqual([0]);
      expect(await servedDifference(model, table)).toBeLessThan(2e-6);
    },
  );

  test("takes an unseen category for a missing one", () => {
    const model = train(trainer, task, madeTable(500));
    const colours = (dictionary: string[], code: number): Table => {
      const table = madeTable(40, 2);
      const columns = table.columns.map((column) =>
        column.name === "colour" ? { ...column, dictionary, codes: new Int32Array(40).fill(code) } : column,
      );
      return { ...table, columns };
    };
    const missing = model.predict(colours([], -1));
    expect(model.predict(colours(["ultraviolet"], 0))).toEqual(missing);
    expect(model.predict(colours([""], 0))).toEqual(missing);
  });

  test("shares out importance to the features that tell something", () => {
    const { importances } = train(trainer, task, madeTable(1000));
    expect(Object.keys(importances)).toEqual([...madeFeatures]);
    expect(Object.values(importances).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    for (const name of ["constant", "same", "empty", "nothing"]) expect(importances[name]).toBe(0);
    for (const name of ["x 1.a", "z/ü", "colour"]) expect(importances[name]).toBeGreaterThan(0.03);
  });

  test("leaves rows of weight 0 out of the fit", () => {
    const table = madeTable(600);
    const weights = Float64Array.from({ length: 600 }, (_, row) => (row < 400 ? 1 : 0));
    const fresh = madeTable(200, 2);
    const weighted = errorOf(train(trainer, task, spoiled(table, 400), { weights }).predict(fresh), fresh, task);
    const spoilt = errorOf(train(trainer, task, spoiled(table, 400)).predict(fresh), fresh, task);
    expect(weighted).toBeLessThan(spoilt);
  });

  test("writes its signature into the file", async () => {
    const model = train(trainer, task, madeTable(60));
    const text = Buffer.from(model.toOnnx()).toString("utf8");
    expect(text).toContain("millrace.signature");
    expect(text).toContain(JSON.stringify(model.signature));
  });

  test("reports progress with a loss that falls", () => {
    const losses: number[] = [];
    trainer.train({
      table: madeTable(300),
      task,
      target: madeTargets[task],
      features: madeFeatures,
      params: {},
      seed: 1,
      onProgress: ({ done, total, loss }) => {
        expect(done).toBe(losses.length + 1);
        expect(done).toBeLessThanOrEqual(total);
        losses.push(loss);
      },
    });
    expect(losses.length).toBeGreaterThan(0);
    expect(losses.at(-1)).toBeLessThanOrEqual(losses[0]);
  });
});

/** With so few rows a class may be absent; a classifier needs two. */
function withAllClasses(table: Table): Table {
  const columns = table.columns.map((column) =>
    column.type === "category" && ["bought", "level"].includes(column.name)
      ? { ...column, codes: column.codes.map((code, row) => (row < 2 ? row : code)) }
      : column,
  );
  return { ...table, columns };
}

/** Rows from `from` on get targets that contradict the others. */
function spoiled(table: Table, from: number): Table {
  const columns = table.columns.map((column) => {
    if (!Object.values(madeTargets).includes(column.name)) return column;
    if (column.type === "number")
      return { ...column, values: column.values.map((value, row) => (row < from ? value : 2000 - value)) };
    return {
      ...column,
      codes: column.codes.map((code, row) => (row < from ? code : (code + 1) % column.dictionary.length)),
    };
  });
  return { ...table, columns };
}
