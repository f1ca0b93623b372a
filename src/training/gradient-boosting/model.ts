import type { Table } from "../../data/types.ts";
import { featureColumnsOf } from "../columns.ts";
import { toPrediction } from "../prediction.ts";
import type { Signature, TrainedModel } from "../types.ts";
import type { FeatureBins } from "./bins.ts";
import { binRows } from "./binned-table.ts";
import type { Ensemble } from "./boosting.ts";
import { ensembleToOnnx } from "./onnx.ts";
import type { GradientBoostingParams } from "./params.ts";
import { addTree } from "./tree.ts";

/** As many rows at a time keep their bins and scores in the cache while all trees pass over them. */
const blockRows = 4096;

export function gradientBoostingModel(
  signature: Signature,
  params: GradientBoostingParams,
  bins: readonly FeatureBins[],
  ensemble: Ensemble,
): TrainedModel {
  return {
    algorithm: "gradient-boosting",
    signature,
    params: { ...params },
    importances: gainShares(signature, ensemble),
    predict: (table) => toPrediction(signature, scoreTable(table, signature, bins, ensemble)),
    toOnnx: () => ensembleToOnnx(signature, bins, ensemble),
  };
}

function gainShares(signature: Signature, { trees }: Ensemble): Record<string, number> {
  const gains = new Float64Array(signature.features.length);
  for (const { feature, gain } of trees.flat())
    for (let node = 0; node < gain.length; node++) gains[feature[node]] += gain[node];
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return Object.fromEntries(signature.features.map(({ name }, f) => [name, total > 0 ? gains[f] / total : 0]));
}

/** Scores per output and row. */
function scoreTable(
  table: Table,
  signature: Signature,
  bins: readonly FeatureBins[],
  { base, trees }: Ensemble,
): Float64Array[] {
  const columns = featureColumnsOf(table, signature);
  const scores = base.map((score) => new Float64Array(table.rows).fill(score));
  for (let start = 0; start < table.rows; start += blockRows) {
    const end = Math.min(start + blockRows, table.rows);
    const block = binRows(columns, bins, start, end);
    const blockScores = scores.map((output) => output.subarray(start, end));
    for (const round of trees) for (let k = 0; k < round.length; k++) addTree(round[k], block, blockScores[k]);
  }
  return scores;
}
