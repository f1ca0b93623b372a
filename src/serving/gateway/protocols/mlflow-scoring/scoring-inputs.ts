import { invalid } from "../../../../errors.ts";
import { noRowsOf } from "../../no-rows.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { inputOf } from "../../tensors/input.ts";
import type { Input } from "../../tensors/input.ts";
import { inputsOfRows } from "../../tensors/matrix-columns.ts";
import type { ScoringData } from "./scoring-json.ts";

/**
 * The data of a scoring request as inputs of a model: columns by name; for a model of one matrix without names, and where the columns have none but their numbers,
 * all columns side by side, or the one array.
 */
export function scoringInputs(data: ScoringData, model: Model): Input[] {
  const { inputs, namedColumns } = model;
  const [only] = inputs;
  if (data.kind === "array" ? data.values.length === 0 : data.columns.size === 0) return noRowsOf(model);
  if (data.kind === "array") {
    if (inputs.length === 1) return [inputOf(only.name, data.values, only, `"${only.name}"`)];
    throw invalid("serving.bad_request", `The model has the inputs ${inputs.map(({ name }) => `"${name}"`).join(", ")}; send values by these names, not one list.`);
  }
  const { columns } = data;
  const byName = inputsOfRows(inputs, (name) => columns.has(name));
  const nameless = byName === inputs ? !namedColumns : unnamed(columns, byName);
  if (inputs.length === 1 && nameless && only.shape.length === 2 && !columns.has(only.name)) return [inputOf(only.name, sideBySide([...columns.values()]), only, `"${only.name}"`)];
  const specs = new Map(byName.map((spec) => [spec.name, spec]));
  return [...columns].map(([name, values]) => inputOf(name, values, specs.get(name), `"${name}"`));
}

/** Whether columns are called 0, 1, 2 …, as pandas and a frame without names call them, and the model calls none of its own so. */
const unnamed = (columns: ReadonlyMap<string, unknown>, specs: readonly TensorSpec[]): boolean => [...columns.keys()].every((name, at) => name === String(at)) && !specs.some(({ name }) => columns.has(name));

const sideBySide = (columns: readonly (readonly unknown[])[]): unknown[][] => (columns[0] ?? []).map((_, row) => columns.map((column) => column[row]));
