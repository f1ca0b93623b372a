import { rank, rocAuc } from "./ranking.ts";
import { rowsOf, type Scored } from "./scored.ts";
import type { Metrics } from "./types.ts";

/** Computes all metrics of the scored rows, each row counted `weights[row]` times. Prepared once, called once per resample. */
export type MetricsOf = (weights: Float64Array) => Metrics;

/** The loss models are compared by. Lower is better. */
export const lossName = (task: Scored["task"]): "rmse" | "log_loss" => (task === "regression" ? "rmse" : "log_loss");

/** Whether a higher value of a metric is better. */
export const higherIsBetter = (metric: string): boolean => ["r2", "accuracy", "f1", "roc_auc"].includes(metric);

/**
 * The metrics of a task, by scikit-learn's definitions (edge rules as of 1.9): regression `rmse`, `mae`, `r2`; classification
 * `accuracy`, `log_loss` (probabilities clipped to float64's epsilon), `f1` (of the last class when binary, macro else) and `roc_auc`
 * (one-vs-rest, unweighted mean over the classes when multiclass). A metric that is undefined on these rows is left out.
 */
export function prepareMetrics(of: Scored): MetricsOf {
  return of.task === "regression" ? regression(of) : classification(of);
}

/** The metrics of the rows as they are. */
export const metricsOf = (of: Scored): Metrics => prepareMetrics(of)(new Float64Array(rowsOf(of)).fill(1));

function regression({ truth, predicted }: Extract<Scored, { task: "regression" }>): MetricsOf {
  return (weights) => {
    let [n, sum, squared, absolute] = [0, 0, 0, 0];
    for (let row = 0; row < truth.length; row++) {
      const [weight, error] = [weights[row], predicted[row] - truth[row]];
      n += weight;
      sum += weight * truth[row];
      squared += weight * error * error;
      absolute += weight * Math.abs(error);
    }
    let variation = 0;
    for (let row = 0; row < truth.length; row++) variation += weights[row] * (truth[row] - sum / n) ** 2;
    return defined({
      rmse: Math.sqrt(squared / n),
      mae: absolute / n,
      r2: n < 2 ? Number.NaN : variation === 0 ? (squared === 0 ? 1 : 0) : 1 - squared / variation,
    });
  };
}

function classification({ task, classes, truth, probabilities }: Extract<Scored, { task: "binary" | "multiclass" }>): MetricsOf {
  const k = classes.length;
  const column = (index: number): Float64Array => Float64Array.from({ length: truth.length }, (_, row) => probabilities[row * k + index]);
  const ranked = (task === "binary" ? [k - 1] : classes.map((_, index) => index)).map((index) => ({ index, scores: column(index), order: rank(column(index)) }));
  const best = Int32Array.from(truth, (_, row) => {
    let top = 0;
    for (let index = 1; index < k; index++) if (probabilities[row * k + index] > probabilities[row * k + top]) top = index;
    return top;
  });
  return (weights) => {
    let [n, right, logLoss] = [0, 0, 0];
    const [hit, guessed, there] = [new Float64Array(k), new Float64Array(k), new Float64Array(k)];
    for (let row = 0; row < truth.length; row++) {
      const [weight, label] = [weights[row], truth[row]];
      n += weight;
      logLoss -= weight * Math.log(label < 0 ? Number.EPSILON : Math.min(Math.max(probabilities[row * k + label], Number.EPSILON), 1 - Number.EPSILON));
      guessed[best[row]] += weight;
      if (label >= 0) there[label] += weight;
      if (label !== best[row]) continue;
      right += weight;
      hit[label] += weight;
    }
    const f1 = (index: number): number => (2 * hit[index]) / (guessed[index] + there[index]) || 0;
    // The classes that are there or were guessed; what the model does not know at all is one more, of which it hits nothing.
    const met = classes.map((_, index) => index).filter((index) => guessed[index] + there[index] > 0);
    const unknown = n - there.reduce((sum, weight) => sum + weight, 0) > 0 ? [0] : [];
    const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const areas = ranked.map(({ index, scores, order }) => rocAuc(order, scores, (row) => truth[row] === index, weights)).filter((area) => !Number.isNaN(area));
    return defined({
      accuracy: right / n,
      log_loss: logLoss / n,
      f1: task === "binary" ? f1(k - 1) : average([...met.map(f1), ...unknown]),
      roc_auc: areas.length === 0 ? Number.NaN : average(areas),
    });
  };
}

const defined = (metrics: Record<string, number>): Metrics => Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
