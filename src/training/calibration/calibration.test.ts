import { describe, expect, test } from "vitest";
import type { Column, Table } from "../../data/types.ts";
import { madeFeatures, madeTable, madeTargets } from "../conformance/made-table.ts";
import { graphAnswers } from "../onnx/run-graph.ts";
import { findTrainer } from "../trainers.ts";
import type { Prediction, Task } from "../types.ts";
import { applyCalibration } from "./apply-calibration.ts";
import { calibratedGraph } from "./calibrated-graph.ts";
import { fitCalibration } from "./fit-calibration.ts";
import type { Calibration } from "./types.ts";

const numbers = (prediction: Prediction): Float64Array => (prediction.task === "regression" ? prediction.values : prediction.probabilities);
const regression = (values: readonly number[]): Prediction => ({ task: "regression", values: Float64Array.from(values) });
const binary = (ofSecond: readonly number[]): Prediction => ({ task: "binary", classes: ["no", "yes"], probabilities: Float64Array.from(ofSecond.flatMap((p) => [1 - p, p])) });

describe("a fitted calibration", () => {
  test("of numbers is least squares where rows are sure of it", () => {
    const answers = Array.from({ length: 90 }, (_, row) => (row % 3) * 10);
    expect(fitCalibration(regression(answers), answers.map((y) => 2 * y + 3))).toEqual({ kind: "linear", slope: expect.closeTo(2, 12) as number, offset: expect.closeTo(3, 10) as number });
  });

  test("of numbers is drawn to no change by its standard error: to 1 − 1/t² of what least squares has", () => {
    // Residuals are 1 ± 3, the same at every answer: their mean is 1, its squared error 9·(40/38)/40, and the answers' slope stays.
    const answers = Array.from({ length: 40 }, (_, row) => (row >> 1) % 4);
    const found = fitCalibration(regression(answers), answers.map((y, row) => y + 1 + (row % 2 === 0 ? 3 : -3)));
    expect(found).toEqual({ kind: "linear", slope: 1, offset: expect.closeTo(1 - 9 / 38, 12) as number });
    // Of 1 ± 8 the mean is less than its standard error.
    expect(fitCalibration(regression(answers), answers.map((y, row) => y + 1 + (row % 2 === 0 ? 8 : -8)))).toEqual({ kind: "linear", slope: 1, offset: 0 });
  });

  test("of answers that are all the same moves their level", () => {
    expect(fitCalibration(regression(Array(30).fill(4)), Array(30).fill(8))).toEqual({ kind: "linear", slope: 1, offset: 4 });
  });

  test("of no rows, or of rows without an answer, changes nothing", () => {
    expect(fitCalibration(regression([]), [])).toEqual({ kind: "linear", slope: 1, offset: 0 });
    expect(fitCalibration(regression([Number.NaN, Number.NaN]), [1, 2])).toEqual({ kind: "linear", slope: 1, offset: 0 });
    expect(fitCalibration(binary([Number.NaN, 0.3]), [0, -1])).toEqual({ kind: "logits", slope: 1, biases: [0, 0] });
  });

  test("of two classes has the slope and bias at which the derivative of log loss and priors is 0", () => {
    const [shares, truth] = [Array.from({ length: 400 }, (_, row) => 0.05 + 0.9 * (row / 399)), Array.from({ length: 400 }, (_, row) => ((row * 7919) % 400 < 100 + row / 2 ? 1 : 0))];
    const found = fitCalibration(binary(shares), truth);
    if (found.kind !== "logits") throw new Error("it is of classes");
    const [slope, biases] = [found.slope, found.biases];
    const counts = [0, 1].map((of) => truth.filter((one) => one === of).length);
    let [bySlope, ...byBias] = [(slope - 1) / 0.25, biases[0], biases[1]];
    for (const [row, p] of shares.entries()) {
      const z = Math.log(p / (1 - p));
      const error = 1 / (1 + Math.exp(-(slope * z + biases[1] - biases[0]))) - (truth[row] === 1 ? (counts[1] + 1) / (counts[1] + 2) : 1 / (counts[0] + 2));
      bySlope += error * z;
      byBias = [byBias[0] - error, byBias[1] + error];
    }
    for (const derivative of [bySlope, ...byBias]) expect(Math.abs(derivative)).toBeLessThan(1e-3);
    // It is less sure than the answers were, and says so.
    expect(slope).toBeLessThan(0.8);
  });

  test("of answers that were right in all of some rows is no surer than these say", () => {
    const shares = Array.from({ length: 300 }, (_, row) => (row % 2 === 0 ? 1e-6 : 1 - 1e-6));
    const found = applyCalibration(binary([1e-6]), fitCalibration(binary(shares), shares.map((p) => (p < 0.5 ? 0 : 1))));
    // One row of 152 could have been wrong; priors leave it a bit surer.
    expect(found.task !== "regression" && found.probabilities[1]).toBeCloseTo(1 / 152, 2);
  });

  test("of three classes has the slope and biases at which the derivative of log loss and priors is 0", () => {
    const truth = Array.from({ length: 300 }, (_, row) => (row * 7919) % 3);
    const probabilities = Float64Array.from(truth.flatMap((own, row) => [0, 1, 2].map((k) => (k === (row % 5 === 0 ? (own + 1) % 3 : own) ? 0.9 : 0.05))));
    const found = fitCalibration({ task: "multiclass", classes: ["a", "b", "c"], probabilities }, truth);
    if (found.kind !== "logits") throw new Error("it is of classes");
    const { probabilities: calibrated } = applyCalibration({ task: "multiclass", classes: ["a", "b", "c"], probabilities }, found) as { probabilities: Float64Array };
    let bySlope = (found.slope - 1) / 0.25;
    const byBias = [...found.biases];
    for (const [row, own] of truth.entries()) {
      const logs = [0, 1, 2].map((k) => Math.log(probabilities[row * 3 + k]));
      for (const k of [0, 1, 2]) {
        // A hundred rows of each class, one more of it, and half a one of each other.
        const error = calibrated[row * 3 + k] - (k === own ? 101 / 102 : 0.5 / 102);
        bySlope += error * logs[k];
        byBias[k] += error;
      }
    }
    for (const derivative of [bySlope, ...byBias]) expect(Math.abs(derivative)).toBeLessThan(1e-3);
    expect(found.slope).toBeLessThan(0.8);
  });

  test("turns answers round where the truth has turned round", () => {
    const shares = Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? 0.001 : 0.999));
    const found = fitCalibration(binary(shares), shares.map((p) => (p < 0.5 ? 1 : 0)));
    expect(found.slope).toBeLessThan(-0.3);
    const { probabilities } = applyCalibration(binary([0.001]), found) as Prediction & { probabilities: Float64Array };
    expect(probabilities[1]).toBeGreaterThan(0.95);
  });
});

describe("a calibrated graph gives what the calibration makes of the model's answers", () => {
  const table = madeTable(400);
  const far: Table = { ...table, columns: table.columns.map((column): Column => (column.name === "amount" && column.type === "number" ? { ...column, values: column.values.map((value) => value + 1e10) } : column)) };
  const logits = (slope: number, ...biases: number[]): Calibration => ({ kind: "logits", slope, biases });
  const cases: [string, string, Task, Table, Calibration][] = [
    ["numbers of boosting", "gradient-boosting", "regression", table, { kind: "linear", slope: 0.7, offset: -12.25 }],
    ["numbers of a linear model", "linear", "regression", table, { kind: "linear", slope: -1.5, offset: 1e4 }],
    ["numbers that are wider than float32", "gradient-boosting", "regression", far, { kind: "linear", slope: 0.5, offset: 3 }],
    ["two classes", "gradient-boosting", "binary", table, logits(0.4, 0.2, -0.2)],
    ["two classes that have turned", "linear", "binary", table, logits(-0.8, -1, 2)],
    ["three classes", "gradient-boosting", "multiclass", table, logits(1.3, 0.5, -1, 0.25)],
  ];
  test.each(cases)("%s", async (_, algorithm, task, rows, calibration) => {
    const model = findTrainer(algorithm).train({ table: rows, target: madeTargets[task], task, features: madeFeatures, params: algorithm === "linear" ? {} : { iterations: 20 }, seed: 1 });
    const { signature } = model;
    const before = await graphAnswers(model.toOnnx(), signature, rows);
    const expected = (answers: Float64Array): Float64Array => numbers(applyCalibration(task === "regression" ? { task, values: answers } : { task, classes: signature.classes!, probabilities: answers }, calibration));
    const once = calibratedGraph(model.toOnnx(), signature, calibration);
    const found = await graphAnswers(once, signature, rows);
    const wide = signature.targetOffset !== undefined;
    expect(wide).toBe(rows === far);
    expect(found).toEqual(wide ? expected(before) : expected(before).map(Math.fround));
    // A version that was recalibrated may be once more.
    const twice = await graphAnswers(calibratedGraph(once, signature, calibration), signature, rows);
    expect(twice).toEqual(wide ? expected(found) : expected(found).map(Math.fround));
  });
});
