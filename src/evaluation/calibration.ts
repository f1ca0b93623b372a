import { rank } from "./ranking.ts";
import type { Scored } from "./scored.ts";
import type { CalibrationBin } from "./types.ts";

const bins = 10;

/** Ten bins of equally many rows by predicted value (regression) or by the probability of the last class; empty bins are left out. */
export function calibrationOf(model: Scored): CalibrationBin[] {
  const regression = model.task === "regression";
  const k = regression ? 0 : model.classes.length;
  const predicted = regression ? model.predicted : Float64Array.from(model.truth, (_, row) => model.probabilities[row * k + k - 1]);
  const actual = (row: number): number => (regression ? model.truth[row] : model.truth[row] === k - 1 ? 1 : 0);
  const order = rank(predicted);
  return Array.from({ length: bins }, (_, bin) => order.subarray(Math.floor((bin * order.length) / bins), Math.floor(((bin + 1) * order.length) / bins)))
    .filter((rows) => rows.length > 0)
    .map((rows) => ({
      predicted: rows.reduce((sum, row) => sum + predicted[row], 0) / rows.length,
      actual: rows.reduce((sum, row) => sum + actual(row), 0) / rows.length,
      rows: rows.length,
    }));
}
