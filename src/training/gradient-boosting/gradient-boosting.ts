import { resolveParams } from "../params.ts";
import { prepareRequest } from "../request.ts";
import type { TrainedModel, Trainer, TrainingRequest } from "../types.ts";
import { binRows } from "./binned-table.ts";
import { categoryBins, numberBins } from "./bins.ts";
import { heldOut } from "../held-out.ts";
import { boost, type BoostingData, type Ensemble } from "./boosting.ts";
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
  return finish(request, prepare(request));
}

/** Rows among which so few are held out that their loss says little, and so many that hardly any number of rounds overfits. */
const [fewestRows, mostRows] = [200, 100_000];

/** Rounds without a gain after which a training stops: fewer, and a loss on the newest rows that comes and goes stops it too early. */
const usualPatience = 20;

/** A boosting before the trees: everything that does not depend on how many rounds there are. */
interface Prepared {
  readonly signature: TrainedModel["signature"];
  readonly params: GradientBoostingParams & { readonly early_stopping_rounds: number | null };
  readonly data: BoostingData;
}

function prepare(request: TrainingRequest): Prepared {
  const params = resolveParams("gradient-boosting", paramsSchema, request.params) as GradientBoostingParams;
  const { rows, features, target, weights, signature } = prepareRequest(request);
  const rounds = params.early_stopping_rounds;
  const patience = rounds === "auto" ? (rows >= fewestRows && rows <= mostRows ? usualPatience : null) : rounds;
  const bins = features.map((column) =>
    column.type === "number" ? numberBins(column, params.max_bins) : categoryBins(column, params.max_categories),
  );
  const objective = objectiveOf(signature.task, target, weights, signature.classes?.length ?? 0);
  return { signature, params: { ...params, early_stopping_rounds: patience }, data: { table: binRows(features, bins, 0, rows), bins, objective } };
}

/** Boosts all rows for as many rounds as are best on those held out, or for all that were asked for. */
function finish(request: TrainingRequest, { signature, params, data }: Prepared, stopped?: Ensemble): TrainedModel {
  const { rows } = data.table;
  const stops = params.early_stopping_rounds !== null && rows >= 2;
  const found = stops ? (stopped ?? boost(data, heldOut(rows, params.validation_fraction, request.times, request.seed), params, request.seed, undefined)) : undefined;
  const iterations = found?.trees.length ?? params.iterations;
  const ensemble = boost(data, new Int32Array(), { ...params, iterations }, request.seed, request.onProgress);
  return gradientBoostingModel(signature, params, data.bins, ensemble);
}

/**
 * The first half of a training that stops early, to choose by: the mean loss (half the squared error, or the log loss) on the rows held out, and the
 * second half, which makes the model.
 */
export function tryBoosting(request: TrainingRequest, held: Int32Array): { readonly loss: number; readonly finish: () => TrainedModel } {
  const prepared = prepare({ ...request, params: { early_stopping_rounds: usualPatience, ...request.params } });
  const stopped = boost(prepared.data, held, { ...prepared.params, early_stopping_rounds: prepared.params.early_stopping_rounds ?? prepared.params.iterations }, request.seed, undefined);
  return { loss: stopped.heldLoss, finish: () => finish(request, prepared, stopped) };
}
