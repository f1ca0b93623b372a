import type { Prediction } from "../types.ts";
import { leastProbability, type Calibration } from "./types.ts";

/** A model's answers, calibrated. A row without an answer (NaN) stays without one. */
export function applyCalibration(prediction: Prediction, calibration: Calibration): Prediction {
  if (prediction.task === "regression") return calibration.kind === "linear" ? { ...prediction, values: prediction.values.map((value) => calibration.slope * value + calibration.offset) } : prediction;
  if (calibration.kind === "linear") return prediction;
  const { slope, biases } = calibration;
  const probabilities = prediction.probabilities.slice();
  const width = biases.length;
  for (let start = 0; start < probabilities.length; start += width) {
    const row = probabilities.subarray(start, start + width);
    for (let k = 0; k < width; k++) row[k] = slope * Math.log(Math.max(row[k], leastProbability)) + biases[k];
    softmax(row);
  }
  return { ...prediction, probabilities };
}

/** Makes probabilities of the scores of a row, in place. */
export function softmax(scores: Float64Array): void {
  const highest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += scores[k] = Math.exp(scores[k] - highest);
  for (let k = 0; k < scores.length; k++) scores[k] /= sum;
}
