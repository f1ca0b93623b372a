import type { RunRow } from "../run-table.ts";

export type Direction = "least" | "greatest";

/** What a metric's name ends with when less, or more, of it is better; names as scikit-learn, Keras, PyTorch and MLflow's evaluators write them. */
const lessIsBetter = /(^|[_/\-. ])(loss|rmse|mse|mae|mape|rmsle|error|err|perplexity|deviance|brier|wer|cer|fid|ece)([_/\-. ](score|val|valid|validation|test|train|epoch))?$/i;
const moreIsBetter = /(^|[_/\-. ])(accuracy|acc|auc|auroc|auprc|roc_auc|pr_auc|f1|precision|recall|r2|bleu|rouge\w*|ndcg|map|iou|dice|kappa|mcc)([_/\-. ](score|val|valid|validation|test|train|epoch|micro|macro|weighted))?$/i;

/** Which way a metric is better, by its name; undefined where the name does not tell. */
export const directionOf = (metric: string): Direction | undefined => (lessIsBetter.test(metric) ? "least" : moreIsBetter.test(metric) ? "greatest" : undefined);

/** The runs with the best value of a metric (several when they tie), of those that have a number there and did not fail; and how many those are. */
export function bestRuns(runs: readonly RunRow[], metric: string, direction: Direction): { readonly best: readonly RunRow[]; readonly value: number; readonly of: number } | undefined {
  const valueOf = ({ values }: RunRow): number => Number(values[`metrics.${metric}`] ?? Number.NaN);
  const judged = runs.filter((run) => Number.isFinite(valueOf(run)) && run.status !== "failed" && run.status !== "killed");
  if (judged.length === 0) return undefined;
  const value = judged.map(valueOf).reduce((best, one) => (direction === "least" ? Math.min(best, one) : Math.max(best, one)));
  return { best: judged.filter((run) => valueOf(run) === value), value, of: judged.length };
}
