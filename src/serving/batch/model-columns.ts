import { invalid } from "../../errors.ts";
import { hasNumericWords } from "../gateway/tensors/cell-reader.ts";
import { inputsByName } from "../gateway/tensors/matrix-columns.ts";
import type { Model, TensorSpec } from "../gateway/runtimes/runtime.ts";

/** Which columns of a table a model is asked with. */
export interface ModelColumns {
  /** The columns of the table, in the order in which they are read. */
  readonly columns: readonly string[];
  /** The inputs that they are, in the same order. */
  readonly inputs: readonly string[];
  /** Of `columns`: those in which a plain number is its text. */
  readonly numbers: ReadonlySet<string>;
  /** Where the columns make one matrix without names, its width; absent where they go by name. */
  readonly matrix?: number;
}

/**
 * The columns by which a table's rows are a model's inputs: by their names, or, of a model that takes one matrix whose columns have none, all others than
 * `kept` in their order.
 *
 * @throws `serving.input_missing`, `serving.not_by_rows`
 */
export function modelColumns(model: Pick<Model, "inputs" | "rowwise" | "anyInputs">, names: readonly string[], kept: ReadonlySet<string>): ModelColumns {
  if (!model.rowwise && !model.anyInputs) throw invalid("serving.not_by_rows", "The model does not answer row by row, so there is no answer to each row of a table");
  const specs = inputsByName(model.inputs);
  if (specs.length === 0) return byName(names.filter((name) => !kept.has(name)).map((name) => ({ name })));
  const [only] = specs;
  const width = specs.length === 1 ? matrixWidth(only) : undefined;
  if (width !== undefined && !names.includes(only.name)) return byPlace(only, width, names.filter((name) => !kept.has(name)));
  const missing = specs.filter((spec) => (!spec.optional || spec.eventTime !== undefined) && !names.includes(spec.name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw invalid("serving.input_missing", `The table has no column ${missing.map((name) => JSON.stringify(name)).join(", ")}, which the model takes; its columns are ${names.join(", ")}`, { missing, columns: names });
  }
  return byName(specs.filter(({ name }) => names.includes(name)));
}

const byName = (specs: readonly (Pick<TensorSpec, "name"> & Partial<TensorSpec>)[]): ModelColumns => {
  const columns = specs.map(({ name }) => name);
  return { columns, inputs: columns, numbers: new Set(specs.filter(takesPlainNumbers).map(({ name }) => name)) };
};

function byPlace({ name, datatype }: TensorSpec, width: number, names: readonly string[]): ModelColumns {
  if (width >= 0 && names.length !== width) {
    throw invalid("serving.input_missing", `The model takes a matrix of ${width} columns that have no names ("${name}"), and the table has ${names.length}: ${names.join(", ")}. Give those of a row in its order, and name what else is to be kept with --id or --keep`, { columns: names });
  }
  return { columns: names, inputs: [name], numbers: new Set(datatype.startsWith("FP") ? names : []), matrix: names.length };
}

/** Columns of a matrix; -1 where it takes any number, undefined of what is no matrix of several columns. */
const matrixWidth = ({ shape, anyRank }: TensorSpec): number | undefined => (anyRank || shape.length !== 2 || shape[1] === 1 ? undefined : shape[1]);

/** Whether a plain number means itself, so that its text says no more. */
function takesPlainNumbers({ reading, datatype }: Partial<TensorSpec>): boolean {
  if (reading) return reading.type === "number" && reading.decimal === undefined && reading.thousands === undefined && !hasNumericWords(reading);
  return datatype === "FP32" || datatype === "FP64" || datatype === "FP16";
}
