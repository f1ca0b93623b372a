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
  /** The mean loss of the kept rounds on the rows held out; NaN without any. */
  readonly heldLoss: number;
}

/** What a boosting works on. */
export interface BoostingData {
  readonly table: BinnedTable;
  readonly bins: readonly FeatureBins[];
  readonly objective: Objective;
}

/**
 * Gradient boosting with second derivatives: each round fits one tree per output to the derivatives of the loss at the
 * present scores (Friedman 2001; Chen & Guestrin 2016).
 *
 * @param held rows to judge the rounds by, ascending; none of them is fitted
 * @returns all rounds, or, with rows held out, those up to the best on them
 */
export function boost(
  { table, bins, objective }: BoostingData,
  held: Int32Array,
  params: GradientBoostingParams,
  seed: number,
  onProgress: TrainingRequest["onProgress"],
): Ensemble {
  const random = seededRandom(seed);
  const fit = withoutRows(table.rows, held);
  const base = objective.baseScores(fit).map(Math.fround);
  const scores = base.map((score) => new Float64Array(table.rows).fill(score));
  const gradients = base.map(() => new Float64Array(table.rows));
  const hessians = base.map(() => new Float64Array(objective.constantHessian ? 0 : table.rows));
  const drawn = Math.max(1, Math.round(fit.length * params.subsample));
  const grower = new TreeGrower(table, bins, params, objective, drawn);
  const features = Int32Array.from(bins.keys()).filter((f) => bins[f].count > 1 || bins[f].hasMissing);
  const rows = new Int32Array(drawn);
  const trees: Tree[][] = [];
  const patience = Number(params.early_stopping_rounds);
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
    if (held.length === 0) continue;
    const loss = objective.loss(scores, held);
    if (loss < best.loss) best = { loss, rounds: round };
    else if (round - best.rounds >= patience) break;
  }
  return held.length === 0 ? { base, trees, heldLoss: Number.NaN } : { base, trees: trees.slice(0, best.rounds), heldLoss: best.loss };
}

function withoutRows(rows: number, held: Int32Array): Int32Array {
  const fit = new Int32Array(rows - held.length);
  for (let row = 0, next = 0, at = 0; row < rows; row++) {
    if (held[next] === row) next += 1;
    else fit[at++] = row;
  }
  return fit;
}

function drawFeatures(features: Int32Array, fraction: number, random: Random): Int32Array {
  if (fraction === 1) return features;
  const drawn = features.slice();
  const count = Math.max(Math.min(1, features.length), Math.round(features.length * fraction));
  drawToFront(drawn, count, random);
  return drawn.slice(0, count).sort();
}
