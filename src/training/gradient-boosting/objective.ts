import { exponentials } from "../prediction.ts";
import type { Task } from "../types.ts";

/** A loss with its derivatives. Scores, gradients and hessians are one array per output; all arrays are by row. */
export interface Objective {
  readonly outputs: number;
  /** All hessians are 1, so they need not be summed apart from the counts. */
  readonly constantHessian: boolean;
  /** The loss is a parabola in the scores. */
  readonly quadratic: boolean;
  /** The constant scores that minimise the loss over the rows. */
  baseScores(rows: Int32Array): number[];
  /** Writes the first and second derivatives of every row's loss by its scores. */
  derivatives(
    scores: readonly Float64Array[],
    gradients: readonly Float64Array[],
    hessians: readonly Float64Array[],
  ): void;
  /** The mean loss over the rows: half the squared error, or the log loss. */
  loss(scores: readonly Float64Array[], rows: Int32Array): number;
}

/**
 * The loss of a task: squared error, logistic, or softmax (Friedman 2001, "Greedy function approximation", sections
 * 4.1, 4.5, 4.6).
 */
export function objectiveOf(
  task: Task,
  target: Float64Array,
  weights: Float64Array | undefined,
  classes: number,
): Objective {
  if (task === "regression") return squaredError(target, weights);
  return task === "binary" ? logistic(target, weights) : softmax(target, weights, classes);
}

function squaredError(target: Float64Array, weights: Float64Array | undefined): Objective {
  return {
    outputs: 1,
    constantHessian: !weights,
    quadratic: true,
    baseScores: (rows) => [weightedMean(rows, weights, (row) => target[row])],
    derivatives([score], [gradient], [hessian]) {
      for (let row = 0; row < target.length; row++) gradient[row] = score[row] - target[row];
      if (weights) scaleByWeights(weights, gradient, hessian.fill(1));
    },
    loss: ([score], rows) => weightedMean(rows, weights, (row) => (score[row] - target[row]) ** 2 / 2),
  };
}

function logistic(target: Float64Array, weights: Float64Array | undefined): Objective {
  return {
    outputs: 1,
    constantHessian: false,
    quadratic: false,
    baseScores(rows) {
      const share = inside(weightedMean(rows, weights, (row) => target[row]));
      return [Math.log(share / (1 - share))];
    },
    derivatives([score], [gradient], [hessian]) {
      for (let row = 0; row < target.length; row++) {
        const p = 1 / (1 + Math.exp(-score[row]));
        gradient[row] = p - target[row];
        hessian[row] = p * (1 - p);
      }
      if (weights) scaleByWeights(weights, gradient, hessian);
    },
    loss: ([score], rows) =>
      weightedMean(rows, weights, (row) => {
        const margin = target[row] > 0.5 ? score[row] : -score[row];
        return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
      }),
  };
}

function softmax(target: Float64Array, weights: Float64Array | undefined, classes: number): Objective {
  return {
    outputs: classes,
    constantHessian: false,
    quadratic: false,
    baseScores: (rows) =>
      Array.from({ length: classes }, (_, k) =>
        Math.log(inside(weightedMean(rows, weights, (row) => (target[row] === k ? 1 : 0)))),
      ),
    derivatives(scores, gradients, hessians) {
      const exp = new Float64Array(classes);
      // Friedman's factor: it makes the steps of the dependent outputs as long as those of one logistic output.
      const factor = classes / (classes - 1);
      for (let row = 0; row < target.length; row++) {
        const sum = exponentials(scores, row, exp);
        for (let k = 0; k < classes; k++) {
          const p = exp[k] / sum;
          gradients[k][row] = target[row] === k ? p - 1 : p;
          hessians[k][row] = factor * p * (1 - p);
        }
      }
      if (weights) for (let k = 0; k < classes; k++) scaleByWeights(weights, gradients[k], hessians[k]);
    },
    loss(scores, rows) {
      const exp = new Float64Array(classes);
      return weightedMean(rows, weights, (row) => {
        const sum = exponentials(scores, row, exp);
        return Math.log(sum) - Math.log(Math.max(exp[target[row]], Number.MIN_VALUE));
      });
    },
  };
}

function weightedMean(rows: Int32Array, weights: Float64Array | undefined, valueOf: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    const weight = weights ? weights[row] : 1;
    sum += weight * valueOf(row);
    total += weight;
  }
  return total > 0 ? sum / total : 0;
}

// A class can be absent from the rows that are left after the hold-out or have no weight; its log odds must stay
// finite.
const inside = (share: number): number => Math.min(Math.max(share, 1e-12), 1 - 1e-12);

function scaleByWeights(weights: Float64Array, gradient: Float64Array, hessian: Float64Array): void {
  for (let row = 0; row < weights.length; row++) {
    gradient[row] *= weights[row];
    hessian[row] *= weights[row];
  }
}
