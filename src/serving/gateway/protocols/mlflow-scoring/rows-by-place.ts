import { invalid } from "../../../../errors.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import type { ScoringData } from "./scoring-json.ts";

/** What of a model says how rows without names are read. */
export type RowTaker = Pick<Model, "inputs" | "namedColumns">;

/** Whether rows of a model's values have no names: it takes one matrix. */
export const takesMatrix = ({ inputs, namedColumns }: RowTaker): boolean => inputs.length === 1 && !namedColumns && inputs[0].shape.length === 2;

/** The inputs whose values a row of `width` values without names has, in their order: all, or those that it may not leave out; undefined where neither are as many. */
export function inputsByPlace({ inputs }: RowTaker, width: number): readonly TensorSpec[] | undefined {
  if (!inputs.every(({ shape }) => shape.length <= 2 && (shape[1] ?? 1) === 1)) return undefined;
  if (inputs.length === width) return inputs;
  const required = inputs.filter(({ optional }) => !optional);
  return required.length === width ? required : undefined;
}

/** Rows whose values have no names: those of one matrix, or of the model's columns in their order. `what` names them in errors. */
export function byPlace(rows: readonly (readonly unknown[])[], model: RowTaker, what: string): ScoringData {
  const [first] = rows;
  const columns = inputsByPlace(model, first.length);
  if (columns) return { kind: "columns", columns: new Map(columns.map(({ name }, at) => [name, rows.map((row) => row[at])])) };
  if (takesMatrix(model)) return { kind: "array", values: rows };
  throw invalid("serving.bad_request", `${what} has rows of ${first.length} values without names; the model takes ${model.inputs.map(({ name }) => `"${name}"`).join(", ")}. Send values by these names.`);
}
