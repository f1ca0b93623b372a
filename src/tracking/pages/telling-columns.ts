import type { Run } from "../types.ts";

/** The parameters that differ between runs, in alphabetical order: only they tell runs apart. At most `most`. */
export function tellingParams(runs: readonly Run[], most: number): string[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(run.params)))].sort();
  return keys.filter((key) => new Set(runs.map((run) => run.params[key])).size > 1).slice(0, most);
}

const companion = /^(naive|linear|champion|training)_|_(low|high)$/;

/** The metrics runs are compared by: not the ends of intervals nor what others scored on the same rows. */
export const mainMetrics = (runs: readonly Run[]): string[] =>
  [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].filter((key) => !companion.test(key)).sort((a, b) => order(a) - order(b));

const order = (key: string): number => {
  const place = ["rmse", "mae", "r2", "log_loss", "accuracy", "f1", "roc_auc"].indexOf(key);
  return place < 0 ? 99 : place;
};
