/** A measured quality; `gap` tells by which share `ours` is worse than `theirs` (negative: better). */
export interface Metric {
  readonly name: string;
  measure(target: Float64Array, predicted: Float64Array, classes: number): number;
  gap(ours: number, theirs: number): number;
}

const lowerIsBetter = (ours: number, theirs: number): number => ours / theirs - 1;
const higherIsBetter = (ours: number, theirs: number): number => 1 - ours / theirs;

const rmse: Metric = {
  name: "RMSE",
  measure: (target, predicted) => Math.sqrt(mean(target, (y, i) => (predicted[i] - y) ** 2)),
  gap: lowerIsBetter,
};

const logLoss: Metric = {
  name: "log loss",
  measure: (target, predicted, classes) =>
    mean(target, (y, i) => -Math.log(Math.max(predicted[i * classes + y], 1e-15))),
  gap: lowerIsBetter,
};

const accuracy: Metric = {
  name: "accuracy",
  measure: (target, predicted, classes) =>
    mean(target, (y, i) => {
      const row = predicted.subarray(i * classes, (i + 1) * classes);
      return row.indexOf(Math.max(...row)) === y ? 1 : 0;
    }),
  gap: higherIsBetter,
};

/** The chance that a random row of class 1 scores above one of class 0, a tie counting half (Mann-Whitney). */
const rocAuc: Metric = {
  name: "ROC AUC",
  measure(target, predicted, classes) {
    const score = (row: number): number => predicted[row * classes + 1];
    const order = Int32Array.from(target.keys()).sort((a, b) => score(a) - score(b));
    let positives = 0;
    let rankSum = 0;
    for (let start = 0, end = 0; start < order.length; start = end) {
      while (end < order.length && score(order[end]) === score(order[start])) end++;
      for (let i = start; i < end; i++) {
        if (target[order[i]] !== 1) continue;
        positives++;
        rankSum += (start + 1 + end) / 2;
      }
    }
    return (rankSum - (positives * (positives + 1)) / 2) / (positives * (target.length - positives));
  },
  gap: higherIsBetter,
};

export const metricsOf = { regression: [rmse], binary: [rocAuc, logLoss], multiclass: [logLoss, accuracy] } as const;

function mean(target: Float64Array, valueOf: (y: number, row: number) => number): number {
  let sum = 0;
  for (let i = 0; i < target.length; i++) sum += valueOf(target[i], i);
  return sum / target.length;
}
