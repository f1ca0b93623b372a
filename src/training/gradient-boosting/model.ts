import type { Table } from "../../data/types.ts";
import { columnsOf, modelColumnsOf } from "../columns.ts";
import { sharesByFeature } from "../importances.ts";
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
  const gains = new Float64Array(columnsOf(signature).length);
  for (const { feature, gain } of trees.flat())
    for (let node = 0; node < gain.length; node++) gains[feature[node]] += gain[node];
  return sharesByFeature(signature, gains);
}

/** Scores per output and row. */
function scoreTable(
  table: Table,
  signature: Signature,
  bins: readonly FeatureBins[],
  { base, trees }: Ensemble,
): Float64Array[] {
  const columns = modelColumnsOf(table, signature);
  const scores = base.map((score) => new Float64Array(table.rows).fill(score));
  for (let start = 0; start < table.rows; start += blockRows) {
    const end = Math.min(start + blockRows, table.rows);
    const block = binRows(columns, bins, start, end);
    const blockScores = scores.map((output) => output.subarray(start, end));
    for (const round of trees) for (let k = 0; k < round.length; k++) addTree(round[k], block, blockScores[k]);
  }
  return scores;
}
