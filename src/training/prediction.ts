import type { Prediction, Signature } from "./types.ts";

/**
 * Predictions from scores, one array by row per output: values for regression, the log odds of the second class for
 * binary tasks (logistic), and one score per class otherwise (softmax).
 */
export function toPrediction({ task, classes = [], targetOffset }: Signature, scores: readonly Float64Array[]): Prediction {
  if (task === "regression") return { task, values: targetOffset === undefined ? scores[0] : scores[0].map((score) => score + targetOffset) };
  const rows = scores[0].length;
  const width = classes.length;
  const probabilities = new Float64Array(rows * width);
  const exp = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    if (task === "binary") {
      probabilities[row * 2] = 1 / (1 + Math.exp(scores[0][row]));
      probabilities[row * 2 + 1] = 1 / (1 + Math.exp(-scores[0][row]));
      continue;
    }
    const sum = exponentials(scores, row, exp);
    for (let k = 0; k < width; k++) probabilities[row * width + k] = exp[k] / sum;
  }
  return { task, classes, probabilities };
}

/** Writes exp(score − highest score) of one row, which cannot overflow, and returns their sum. */
export function exponentials(scores: readonly Float64Array[], row: number, into: Float64Array): number {
  let highest = -Infinity;
  for (let k = 0; k < scores.length; k++) highest = Math.max(highest, scores[k][row]);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    into[k] = Math.exp(scores[k][row] - highest);
    sum += into[k];
  }
  return sum;
}
