import type { Table } from "../../data/types.ts";
import { modelColumnsOf } from "../columns.ts";
import { sharesByFeature } from "../importances.ts";
import { toPrediction } from "../prediction.ts";
import type { Signature, TrainedModel } from "../types.ts";
import { designMatrix, dotRow } from "./design-matrix.ts";
import type { DesignMatrix } from "./design-matrix.ts";
import type { Encoding } from "./encoding.ts";
import { linearToOnnx } from "./onnx.ts";

export interface FittedLinear {
  readonly signature: Signature;
  readonly params: Readonly<Record<string, unknown>>;
  readonly encodings: readonly Encoding[];
  readonly width: number;
  readonly outputs: number;
  /** Per output: `width` coefficients, then the intercept. */
  readonly coefficients: Float64Array;
}

/** A trained model; `training` are the rows it was fitted to, over which the importances are measured. */
export function linearModel(fitted: FittedLinear, training: DesignMatrix): TrainedModel {
  const { signature, params, encodings, width, outputs, coefficients } = fitted;
  return {
    algorithm: "linear",
    signature,
    params,
    importances: deviationShares(fitted, training),
    predict(table: Table) {
      const design = designMatrix(modelColumnsOf(table, signature), encodings, table.rows, width);
      return toPrediction(signature, linearScores(design, coefficients, outputs));
    },
    toOnnx: () => linearToOnnx(fitted),
  };
}

/** Scores per output and row. */
export function linearScores(design: DesignMatrix, coefficients: Float64Array, outputs: number): Float64Array[] {
  const size = design.width + 1;
  return Array.from({ length: outputs }, (_, k) => {
    const scores = new Float64Array(design.rows);
    for (let row = 0; row < design.rows; row++)
      scores[row] = dotRow(design, row, coefficients, k * size) + coefficients[k * size + design.width];
    return scores;
  });
}

/**
 * Share of each feature in the sum, over features and outputs, of the standard deviation that the feature alone gives
 * the scores: for a number without missing values the size of its standardised coefficient, and for categories the same
 * in kind.
 */
function deviationShares(
  { signature, encodings, width, outputs, coefficients }: FittedLinear,
  training: DesignMatrix,
): Record<string, number> {
  const deviations = encodings.map((encoding) => {
    const positions = encoding.type === "number" ? [encoding.position] : [...encoding.positionOf.values()];
    let sum = 0;
    for (let k = 0; k < outputs; k++) {
      const only = new Float64Array(width);
      for (const position of positions) only[position] = coefficients[k * (width + 1) + position];
      const scores = new Float64Array(training.rows);
      for (let row = 0; row < scores.length; row++) scores[row] = dotRow(training, row, only, 0);
      sum += standardDeviation(scores);
    }
    return sum;
  });
  return sharesByFeature(signature, deviations);
}

function standardDeviation(values: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += values[row];
  const mean = sum / values.length;
  let squares = 0;
  for (let row = 0; row < values.length; row++) squares += (values[row] - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
