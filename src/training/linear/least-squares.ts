import type { DesignMatrix } from "./design-matrix.ts";
import { solvePositiveDefinite } from "./cholesky.ts";

/**
 * Coefficients and, last, the intercept that minimise Σ weight · (target − prediction)² + l2 · |coefficients|²: ridge
 * regression by its normal equations (Hoerl & Kennard 1970); the intercept is not penalised.
 */
export function leastSquares(
  design: DesignMatrix,
  target: Float64Array,
  weights: Float64Array | undefined,
  l2: number,
): Float64Array {
  const { rows, width } = design;
  const size = width + 1;
  const gram = new Float64Array(size * size);
  const moments = new Float64Array(size);
  const { positions, values } = { positions: new Int32Array(size), values: new Float64Array(size) };
  for (let row = 0; row < rows; row++) {
    const weight = weights ? weights[row] : 1;
    const present = sparseRow(design, row, positions, values);
    for (let a = 0; a < present; a++) {
      const scaled = weight * values[a];
      moments[positions[a]] += scaled * target[row];
      const at = positions[a] * size;
      for (let b = 0; b < present; b++) gram[at + positions[b]] += scaled * values[b];
    }
  }
  for (let i = 0; i < width; i++) gram[i * size + i] += l2;
  return solvePositiveDefinite(gram, moments);
}

/** Writes the columns and values of a row that are not 0, the intercept's 1 last, and returns how many they are. */
function sparseRow(
  { width, numberPositions, numbers, onesCount, ones }: DesignMatrix,
  row: number,
  positions: Int32Array,
  values: Float64Array,
): number {
  let present = 0;
  for (let i = 0; i < numberPositions.length; i++) {
    positions[present] = numberPositions[i];
    values[present++] = numbers[row * numberPositions.length + i];
  }
  for (let j = 0; j < onesCount; j++) {
    const position = ones[row * onesCount + j];
    if (position < 0) continue;
    positions[present] = position;
    values[present++] = 1;
  }
  positions[present] = width;
  values[present++] = 1;
  return present;
}

/** Half the mean squared error of the predictions. */
export function halfMeanSquaredError(
  predictions: Float64Array,
  target: Float64Array,
  weights: Float64Array | undefined,
): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < target.length; row++) {
    const weight = weights ? weights[row] : 1;
    sum += (weight * (predictions[row] - target[row]) ** 2) / 2;
    total += weight;
  }
  return sum / total;
}
