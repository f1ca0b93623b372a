import { resolveParams } from "../params.ts";
import { prepareRequest } from "../request.ts";
import type { TrainedModel, Trainer, TrainingRequest } from "../types.ts";
import { designMatrix } from "./design-matrix.ts";
import { fitEncodings } from "./encoding.ts";
import { halfMeanSquaredError, leastSquares } from "./least-squares.ts";
import { logisticRegression } from "./logistic.ts";
import { linearModel, linearScores } from "./model.ts";

export interface LinearParams {
  readonly l2_regularization: number;
  readonly max_categories: number;
  readonly max_iterations: number;
  readonly tolerance: number;
}

const paramsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    l2_regularization: {
      type: "number",
      exclusiveMinimum: 0,
      default: 1,
      description: "L2 penalty on the coefficients of standardised features.",
    },
    max_categories: {
      type: "integer",
      minimum: 1,
      default: 100,
      description: "Most categories of a feature that get a coefficient; the rarest others have none.",
    },
    max_iterations: {
      type: "integer",
      minimum: 1,
      default: 1000,
      description: "Most solver iterations for classification.",
    },
    tolerance: {
      type: "number",
      exclusiveMinimum: 0,
      default: 1e-5,
      description: "Classification ends when no entry of the mean loss's gradient is larger.",
    },
  },
} as const;

/**
 * The baseline: ridge regression, or logistic regression with an L2 penalty, on standardised numbers and one-hot
 * categories.
 */
export const linear: Trainer = { name: "linear", paramsSchema, train };

function train(request: TrainingRequest): TrainedModel {
  const params = resolveParams("linear", paramsSchema, request.params) as LinearParams;
  const { rows, features, target, weights, signature } = prepareRequest(request);
  const { encodings, width } = fitEncodings(features, weights, params.max_categories);
  const design = designMatrix(features, encodings, rows, width);
  const outputs = signature.task === "multiclass" ? signature.classes!.length : 1;
  const { l2_regularization: l2, max_iterations: maxIterations, tolerance } = params;
  const coefficients =
    signature.task === "regression"
      ? leastSquares(design, target, weights, l2)
      : logisticRegression({
          design,
          target,
          weights,
          outputs,
          l2,
          tolerance,
          maxIterations,
          onIteration: (done, loss) => request.onProgress?.({ done, total: maxIterations, loss }),
        });
  if (signature.task === "regression" && request.onProgress) {
    const [predictions] = linearScores(design, coefficients, 1);
    request.onProgress({ done: 1, total: 1, loss: halfMeanSquaredError(predictions, target, weights) });
  }
  return linearModel({ signature, params: { ...params }, encodings, width, outputs, coefficients }, design);
}
