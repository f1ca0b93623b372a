import type { Table } from "../data/types.ts";
import { labelsOf } from "../training/train-step.ts";
import type { Prediction, Task } from "../training/types.ts";

/** Truth and answers of the rows a model is judged by. */
export type Scored =
  | { readonly task: "regression"; readonly truth: Float64Array; readonly predicted: Float64Array }
  | {
      readonly task: "binary" | "multiclass";
      readonly classes: readonly string[];
      /** Positions in `classes`; -1 for a class the model does not know. */
      readonly truth: Int32Array;
      /** Row-major, rows × classes. */
      readonly probabilities: Float64Array;
    };

/** What was true of the rows of a table: numbers for regression, class labels else. */
export function truthOf(table: Table, target: string, task: Task): Float64Array | string[] {
  const column = table.columns.find((one) => one.name === target)!;
  return task === "regression" && column.type === "number" ? column.values : labelsOf(table, target);
}

/** Sets what a model answered beside what was true: numbers for regression, class labels else. */
export function scored(prediction: Prediction, truth: Float64Array | readonly string[]): Scored {
  if (prediction.task === "regression") return { task: "regression", truth: truth as Float64Array, predicted: prediction.values };
  const position = new Map(prediction.classes.map((name, index) => [name, index]));
  return {
    task: prediction.task,
    classes: prediction.classes,
    truth: Int32Array.from(truth as readonly string[], (label) => position.get(label) ?? -1),
    probabilities: prediction.probabilities,
  };
}

export const rowsOf = (one: Scored): number => one.truth.length;
