import { invalid } from "../../../../errors.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { readValues, shapeOf } from "../../tensors/read-values.ts";
import { product } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { ScoringData } from "./scoring-json.ts";

/**
 * The data of a scoring request as tensors for a model: columns by name, those the model does not know left out as MLflow
 * does; for a model of one matrix all columns side by side, or the one array.
 */
export function scoringTensors(data: ScoringData, { inputs }: Model): Tensor[] {
  if (data.kind === "array") {
    if (inputs.length === 1) return [tensorOf(data.values, inputs[0])];
    throw invalid("serving.bad_request", `The model has the inputs ${inputs.map(({ name }) => `"${name}"`).join(", ")}; send values by these names, not one list.`);
  }
  const { columns } = data;
  const [only] = inputs;
  if (inputs.length === 1 && only.shape.length === 2 && !columns.has(only.name)) return [tensorOf(sideBySide([...columns.values()]), only)];
  return inputs.flatMap((spec) => {
    const values = columns.get(spec.name);
    return values ? [tensorOf(values, spec)] : [];
  });
}

const sideBySide = (columns: readonly (readonly unknown[])[]): unknown[][] => (columns[0] ?? []).map((_, row) => columns.map((column) => column[row]));

/** Nested lists as a tensor of the datatype that the model takes. */
function tensorOf(values: readonly unknown[], { name, datatype }: TensorSpec): Tensor {
  const where = `"${name}"`;
  const shape = shapeOf(values, where);
  const fit = datatype === "BYTES" ? asText : asNumber;
  return { name, datatype, shape, data: readValues(shape.length === 1 ? values.map(fit) : values, datatype, product(shape), where) };
}

// As pandas casts a column to the type of the signature: numbers in quotes are numbers, whole numbers make text.

const asText = (value: unknown): unknown => (typeof value === "boolean" || (typeof value === "number" && Number.isInteger(value)) ? String(value) : value);

function asNumber(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  return typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
}
