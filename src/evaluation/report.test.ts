import { expect, test } from "vitest";
import type { TrainOutput } from "../training/train-step.ts";
import { evaluationReport } from "./report.ts";
import type { Evaluation } from "./types.ts";

const around = (value: number) => ({ value, low: value - 1, high: value + 1 });
const hostile = `<script>alert("1")</script><img src=x onerror='x()'>&`;

const evaluation: Evaluation = {
  rows: 42,
  target: `target ${hostile}`,
  task: "regression",
  metrics: { rmse: around(8), [`metric ${hostile}`]: around(1) },
  naive: { rmse: 16 },
  baseline: { rmse: 12 },
  champion: { version: 2, metrics: { rmse: 9 }, loss: 9, difference: { value: 1, low: 0.5, high: 1.5 } },
  notCompared: null,
  slices: [{ column: `column ${hostile}`, value: `value ${hostile}`, rows: 9, metrics: { rmse: around(7) } }],
  calibration: [
    { predicted: 1, actual: 2, rows: 21 },
    { predicted: 3, actual: 3, rows: 21 },
  ],
};
const trained = { algorithm: `algorithm ${hostile}`, rows: 100, importances: { [`feature ${hostile}`]: 0.7, hour: 0.3 } } as unknown as TrainOutput;

test("hostile names are shown as text", () => {
  const html = evaluationReport(`model ${hostile}`, evaluation, trained);
  expect(html).not.toMatch(/<script|<img|onerror='x\(\)'>/);
  for (const name of ["model", "target", "metric", "column", "value", "algorithm", "feature"]) {
    expect(html).toContain(`${name} &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;`);
  }
});

test("it says what was measured, and needs nothing from outside", () => {
  const html = evaluationReport("bikes", evaluation, trained);
  for (const text of ["judged on 42 rows", "8 (7 to 9)", "champion (version 2)", "the interval leaves 0 out", "By column", "70.0 %"]) expect(html).toContain(text);
  expect(html).not.toMatch(/<[^>]*\s(src|href)=|url\(|@import/);
  expect(html).not.toMatch(/NaN|undefined/);
});

test("without baseline, champion and slices it is shorter, not broken", () => {
  const html = evaluationReport("bikes", { ...evaluation, baseline: null, champion: null, slices: [], calibration: [{ predicted: 5, actual: 5, rows: 42 }] }, trained);
  expect(html).not.toMatch(/champion|linear|By |NaN|undefined/);
});
