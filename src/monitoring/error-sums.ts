import type { Task } from "../training/types.ts";
import type { ErrorSums, LabelledPrediction, Loss } from "./types.ts";

export const noErrors: ErrorSums = { n: 0, loss: 0, absolute: 0, signed: 0, label: 0 };

/** The loss live error is judged by. */
export const lossOf = (task: Task): Loss => (task === "regression" ? "rmse" : "log_loss");

/** A mean loss per prediction (squared error, or log loss) as the metric it is told by: its root, or itself. */
export const asMetric = (task: Task, meanLoss: number): number => (task === "regression" ? Math.sqrt(meanLoss) : meanLoss);

/** The error of one labelled prediction, as sums of one. A label that no class of the model has counts as a total miss. */
export const errorOf = (task: Task, prediction: LabelledPrediction): ErrorSums =>
  task === "regression" ? errorOfNumber(prediction.value, Number(prediction.label)) : errorOfClass(prediction.probabilities, prediction.classes.indexOf(prediction.label));

export function errorOfNumber(value: number, label: number): ErrorSums {
  const error = value - label;
  return { n: 1, loss: error * error, absolute: Math.abs(error), signed: error, label };
}

/** @param position of the label's class among the probabilities; below 0 where it is none of them */
export function errorOfClass(probabilities: readonly number[], position: number): ErrorSums {
  const probability = position < 0 ? 0 : probabilities[position];
  const best = probabilities.reduce((top, value, i, all) => (value > all[top] ? i : top), 0);
  const loss = -Math.log(Math.max(probability, Number.EPSILON));
  return { n: 1, loss, absolute: best === position ? 0 : 1, signed: 0, label: 0, squares: loss ** 2 };
}

/** Sums of nothing have no squares, and sums of before do not know theirs. */
function squaresOf(a: ErrorSums, b: ErrorSums): Pick<ErrorSums, "squares"> {
  if (a.n === 0) return b.squares === undefined ? {} : { squares: b.squares };
  if (b.n === 0) return a.squares === undefined ? {} : { squares: a.squares };
  return a.squares === undefined || b.squares === undefined ? {} : { squares: a.squares + b.squares };
}

export const addErrors = (a: ErrorSums, b: ErrorSums): ErrorSums => ({
  n: a.n + b.n,
  loss: a.loss + b.loss,
  absolute: a.absolute + b.absolute,
  signed: a.signed + b.signed,
  label: a.label + b.label,
  ...squaresOf(a, b),
});

/** The metrics that follow from the sums; empty when there are no labelled predictions. */
export function metricsOf(task: Task, sums: ErrorSums): Readonly<Record<string, number>> {
  if (sums.n === 0) return {};
  return task === "regression"
    ? { rmse: Math.sqrt(sums.loss / sums.n), mae: sums.absolute / sums.n, bias: sums.signed / sums.n }
    : { log_loss: sums.loss / sums.n, accuracy: 1 - sums.absolute / sums.n };
}
