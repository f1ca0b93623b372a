import { invalid } from "../../errors.ts";
import { drawToFront, seededRandom } from "../random.ts";
import type { Random } from "../random.ts";
import type { TrainingRequest } from "../types.ts";
import type { BinnedTable } from "./binned-table.ts";
import type { FeatureBins } from "./bins.ts";
import { TreeGrower } from "./grower.ts";
import type { Objective } from "./objective.ts";
import type { GradientBoostingParams } from "./params.ts";
import { addTree } from "./tree.ts";
import type { Tree } from "./tree.ts";

/** An additive model: the score of output k is `base[k]` plus the values of the trees `trees[round][k]`. */
export interface Ensemble {
  /** Float32 values, so that the exported model starts from the same. */
  readonly base: readonly number[];
  readonly trees: readonly (readonly Tree[])[];
}

/**
 * Gradient boosting with second derivatives: each round fits one tree per output to the derivatives of the loss at the
 * present scores (Friedman 2001; Chen & Guestrin 2016).
 */
export function boost(
  table: BinnedTable,
  bins: readonly FeatureBins[],
  objective: Objective,
  params: GradientBoostingParams,
  seed: number,
  onProgress: TrainingRequest["onProgress"],
): Ensemble {
  const random = seededRandom(seed);
  const { fit, held } = holdOut(table.rows, params, random);
  const base = objective.baseScores(fit).map(Math.fround);
  const scores = base.map((score) => new Float64Array(table.rows).fill(score));
  const gradients = base.map(() => new Float64Array(table.rows));
  const hessians = base.map(() => new Float64Array(objective.constantHessian ? 0 : table.rows));
  const drawn = Math.max(1, Math.round(fit.length * params.subsample));
  const grower = new TreeGrower(table, bins, params, objective, drawn);
  const features = Int32Array.from(bins.keys()).filter((f) => bins[f].count > 1 || bins[f].hasMissing);
  const rows = new Int32Array(drawn);
  const trees: Tree[][] = [];
  let best = { loss: Infinity, rounds: 0 };
  for (let round = 1; round <= params.iterations; round++) {
    objective.derivatives(scores, gradients, hessians);
    if (drawn < fit.length) drawToFront(fit, drawn, random);
    const chosen = drawFeatures(features, params.feature_fraction, random);
    const trained = base.map((_, k) => {
      rows.set(fit.subarray(0, drawn));
      // In ascending order the rows of a column are read from front to back.
      if (drawn < fit.length) rows.sort();
      const tree = grower.grow(rows, chosen, gradients[k], hessians[k], scores[k]);
      addTree(tree, table, scores[k], fit.subarray(drawn));
      addTree(tree, table, scores[k], held);
      return tree;
    });
    trees.push(trained);
    const fitLoss = onProgress || round === params.iterations ? objective.loss(scores, fit) : 0;
    if (!Number.isFinite(fitLoss)) {
      throw invalid(
        "training.diverged",
        `After ${round} rounds the loss on the training rows is ${fitLoss}: what was learnt cannot be used. Lower train.params.learning_rate or max_delta_step, or raise l2_regularization or min_samples_leaf.`,
      );
    }
    onProgress?.({ done: round, total: params.iterations, loss: fitLoss });
    if (params.early_stopping_rounds === null) continue;
    const loss = objective.loss(scores, held);
    if (loss < best.loss) best = { loss, rounds: round };
    else if (round - best.rounds >= params.early_stopping_rounds) break;
  }
  return { base, trees: params.early_stopping_rounds === null ? trees : trees.slice(0, best.rounds) };
}

/**
 * Draws the rows that are held out to stop early; at least one row remains to fit and, when stopping early, one to
 * judge.
 */
function holdOut(rows: number, params: GradientBoostingParams, random: Random): { fit: Int32Array; held: Int32Array } {
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  if (params.early_stopping_rounds === null || rows < 2) return { fit: all, held: all.subarray(rows) };
  const count = Math.min(rows - 1, Math.max(1, Math.round(rows * params.validation_fraction)));
  drawToFront(all, count, random);
  return { fit: all.slice(count).sort(), held: all.slice(0, count).sort() };
}

function drawFeatures(features: Int32Array, fraction: number, random: Random): Int32Array {
  if (fraction === 1) return features;
  const drawn = features.slice();
  const count = Math.max(Math.min(1, features.length), Math.round(features.length * fraction));
  drawToFront(drawn, count, random);
  return drawn.slice(0, count).sort();
}
