import { minimize } from "../linear/lbfgs.ts";
import type { Prediction } from "../types.ts";
import { softmax } from "./apply-calibration.ts";
import { leastProbability, type Calibration } from "./types.ts";

/** How far the slope and the biases of the log odds are taken to lie from 1 and 0 before rows say otherwise: standard deviations of normal priors. */
const [slopeSpread, biasSpread] = [0.5, 1];

/**
 * The calibration that makes answers fit the truth best, drawn to no change where rows are few: least squares, or the most probable slope and biases
 * of the log loss. Rows without an answer, and those of a class that the model does not know, are left out.
 *
 * @param truth numbers for regression; else positions in the classes, -1 for others
 */
export function fitCalibration(prediction: Prediction, truth: ArrayLike<number>): Calibration {
  return prediction.task === "regression" ? fitLinear(prediction.values, truth) : fitLogits(prediction.probabilities, prediction.classes.length, truth);
}

/**
 * Of residuals on answers that are centred and scaled, so that level and slope are found apart; each is drawn to no change by as much as it may be chance (the
 * positive-part shrinkage of James & Stein 1961, by its own standard error).
 */
function fitLinear(answers: Float64Array, truth: ArrayLike<number>): Calibration {
  const rows = Uint32Array.from(answers.keys()).filter((row) => Number.isFinite(answers[row]) && Number.isFinite(truth[row]));
  const n = rows.length;
  if (n < 3) return { kind: "linear", slope: 1, offset: 0 };
  const meanOf = (value: (row: number) => number): number => rows.reduce((sum, row) => sum + value(row), 0) / n;
  const mean = meanOf((row) => answers[row]);
  const spread = Math.sqrt(meanOf((row) => (answers[row] - mean) ** 2));
  const scaled = (row: number): number => (spread > 0 ? (answers[row] - mean) / spread : 0);
  const residual = (row: number): number => truth[row] - answers[row];
  const level = meanOf(residual);
  const tilt = meanOf((row) => residual(row) * scaled(row));
  const noise = (meanOf((row) => (residual(row) - level - tilt * scaled(row)) ** 2) * n) / (n - 2);
  const drawn = (value: number): number => (value === 0 ? 0 : value * Math.max(0, 1 - noise / n / value ** 2));
  const slope = spread > 0 ? 1 + drawn(tilt) / spread : 1;
  return { kind: "linear", slope, offset: drawn(level) + (1 - slope) * mean };
}

/**
 * What probabilities are fitted to for rows of each class: not 1 and 0 but as one more row of the class and one of the others would have it (Platt 1999, section 2.2), so
 * that a model which was right in all of a few hundred rows does not become ever surer.
 */
function targetsOf(rows: Uint32Array, width: number, truth: ArrayLike<number>): { readonly hit: number; readonly miss: number }[] {
  const counts = new Float64Array(width);
  for (const row of rows) counts[truth[row]] += 1;
  return [...counts].map((count) => ({ hit: (count + 1) / (count + 2), miss: 1 / (count + 2) / (width - 1) }));
}

function fitLogits(probabilities: Float64Array, width: number, truth: ArrayLike<number>): Calibration {
  const rows = Uint32Array.from({ length: probabilities.length / width }, (_, row) => row).filter((row) => truth[row] >= 0 && !Number.isNaN(probabilities[row * width]));
  // Of a row's logarithms only the differences matter; around 0 slope and biases are found apart.
  const logs = new Float64Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    const own = logs.subarray(at * width, (at + 1) * width);
    let sum = 0;
    for (let k = 0; k < width; k++) sum += own[k] = Math.log(Math.max(probabilities[row * width + k], leastProbability));
    for (let k = 0; k < width; k++) own[k] -= sum / width;
  }
  const targets = targetsOf(rows, width, truth);
  const scores = new Float64Array(width);
  const objective = (point: Float64Array, gradient: Float64Array): number => {
    const slope = point[0];
    let value = (slope - 1) ** 2 / slopeSpread ** 2 / 2;
    gradient.fill(0);
    gradient[0] = (slope - 1) / slopeSpread ** 2;
    for (let k = 0; k < width; k++) {
      value += point[k + 1] ** 2 / biasSpread ** 2 / 2;
      gradient[k + 1] = point[k + 1] / biasSpread ** 2;
    }
    for (const [at, row] of rows.entries()) {
      for (let k = 0; k < width; k++) scores[k] = slope * logs[at * width + k] + point[k + 1];
      const { hit, miss } = targets[truth[row]];
      const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
      value += highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
      for (let k = 0; k < width; k++) value -= (truth[row] === k ? hit : miss) * scores[k];
      softmax(scores);
      for (let k = 0; k < width; k++) {
        const error = scores[k] - (truth[row] === k ? hit : miss);
        gradient[0] += error * logs[at * width + k];
        gradient[k + 1] += error;
      }
    }
    return value;
  };
  const curvature = new Float64Array(width + 1).fill(1 / biasSpread ** 2 + rows.length / 4);
  curvature[0] = 1 / slopeSpread ** 2 + logs.reduce((sum, log) => sum + log ** 2, 0) / 4;
  const found = minimize(objective, Float64Array.from({ length: width + 1 }, (_, at) => (at === 0 ? 1 : 0)), { tolerance: 1e-6 * Math.max(1, rows.length), maxIterations: 200, curvature });
  return { kind: "logits", slope: found[0], biases: [...found.subarray(1)] };
}
