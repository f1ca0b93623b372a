import { addRow, dotRow } from "./design-matrix.ts";
import type { DesignMatrix } from "./design-matrix.ts";
import { minimize } from "./lbfgs.ts";

export interface LogisticProblem {
  readonly design: DesignMatrix;
  /** Index of the class of each row. */
  readonly target: Float64Array;
  readonly weights: Float64Array | undefined;
  /** 1: the log odds of class 1; otherwise one score per class. */
  readonly outputs: number;
  readonly l2: number;
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly onIteration?: (iteration: number, loss: number) => void;
}

/**
 * Coefficients and, last, the intercept of each output, one after the other, that minimise Σ weight · log loss + l2/2 ·
 * |coefficients|² (logistic regression, multinomial with more than one output); intercepts are not penalised. The
 * problem is solved divided by the sum of weights, so the tolerance does not depend on the number of rows.
 */
export function logisticRegression(problem: LogisticProblem): Float64Array {
  const { design, target, weights, outputs, tolerance, maxIterations, onIteration } = problem;
  const size = design.width + 1;
  const total = weights ? weights.reduce((sum, weight) => sum + weight, 0) : design.rows;
  const l2 = problem.l2 / total;
  const scores = new Float64Array(outputs);
  const objective = (point: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    for (let row = 0; row < design.rows; row++) {
      const weight = (weights ? weights[row] : 1) / total;
      for (let k = 0; k < outputs; k++)
        scores[k] = dotRow(design, row, point, k * size) + point[k * size + design.width];
      loss += weight * (outputs === 1 ? binaryResidual(scores, target[row]) : residuals(scores, target[row]));
      for (let k = 0; k < outputs; k++) {
        addRow(design, row, weight * scores[k], gradient, k * size);
        gradient[k * size + design.width] += weight * scores[k];
      }
    }
    return loss + addPenalty(point, gradient, size, l2);
  };
  const curvature = estimateCurvature(design, weights, total, outputs, l2);
  return minimize(objective, new Float64Array(outputs * size), { tolerance, maxIterations, curvature, onIteration });
}

/** Replaces the score by the derivative of the loss and returns the loss. */
function binaryResidual(scores: Float64Array, target: number): number {
  const margin = target === 1 ? scores[0] : -scores[0];
  scores[0] = 1 / (1 + Math.exp(-scores[0])) - target;
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}

/** Replaces the scores by the derivatives of the loss and returns the loss. */
function residuals(scores: Float64Array, target: number): number {
  const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const ofTarget = scores[target] - highest;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    scores[k] = Math.exp(scores[k] - highest);
    sum += scores[k];
  }
  for (let k = 0; k < scores.length; k++) scores[k] /= sum;
  scores[target] -= 1;
  return Math.log(sum) - ofTarget;
}

function addPenalty(point: Float64Array, gradient: Float64Array, size: number, l2: number): number {
  let squares = 0;
  for (let i = 0; i < point.length; i++) {
    if (i % size === size - 1) continue;
    gradient[i] += l2 * point[i];
    squares += point[i] * point[i];
  }
  return (l2 / 2) * squares;
}

/**
 * The diagonal of the Hessian at the start, where all classes are equally likely. Rare categories have little
 * curvature, hence long steps.
 */
function estimateCurvature(
  { rows, width, numberPositions, numbers, onesCount, ones }: DesignMatrix,
  weights: Float64Array | undefined,
  total: number,
  outputs: number,
  l2: number,
): Float64Array {
  const size = width + 1;
  const classes = Math.max(2, outputs);
  const variance = (1 / classes) * (1 - 1 / classes);
  const squares = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    const weight = (weights ? weights[row] : 1) / total;
    for (let i = 0; i < numberPositions.length; i++)
      squares[numberPositions[i]] += weight * numbers[row * numberPositions.length + i] ** 2;
    for (let j = 0; j < onesCount; j++)
      if (ones[row * onesCount + j] >= 0) squares[ones[row * onesCount + j]] += weight;
  }
  squares[width] = 1;
  return Float64Array.from({ length: outputs * size }, (_, i) => variance * squares[i % size] + l2);
}
