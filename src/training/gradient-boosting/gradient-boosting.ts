import { resolveParams } from "../params.ts";
import { prepareRequest } from "../request.ts";
import type { TrainedModel, Trainer, TrainingRequest } from "../types.ts";
import { binRows } from "./binned-table.ts";
import { categoryBins, numberBins } from "./bins.ts";
import { boost } from "./boosting.ts";
import { gradientBoostingModel } from "./model.ts";
import { objectiveOf } from "./objective.ts";
import { paramsSchema } from "./params.ts";
import type { GradientBoostingParams } from "./params.ts";

/**
 * Histogram gradient boosting of decision trees in the manner of LightGBM and scikit-learn's HistGradientBoosting:
 * binned features, leaf-wise growth, a learned side for missing values, categories split as subsets.
 */
export const gradientBoosting: Trainer = { name: "gradient-boosting", paramsSchema, train };

function train(request: TrainingRequest): TrainedModel {
  const params = resolveParams("gradient-boosting", paramsSchema, request.params) as GradientBoostingParams;
  const { rows, features, target, weights, signature } = prepareRequest(request);
  const bins = features.map((column) =>
    column.type === "number" ? numberBins(column, params.max_bins) : categoryBins(column, params.max_categories),
  );
  const objective = objectiveOf(signature.task, target, weights, signature.classes?.length ?? 0);
  const ensemble = boost(binRows(features, bins, 0, rows), bins, objective, params, request.seed, request.onProgress);
  return gradientBoostingModel(signature, params, bins, ensemble);
}
