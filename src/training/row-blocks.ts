import type { Table } from "../data/types.ts";
import { MillraceError } from "../errors.ts";
import { inputValues, type InputValues } from "./input-tensors.ts";
import type { Signature } from "./types.ts";

/** Rows of a request to a model. */
export const blockRows = 16_384;

/** Consecutive rows of a table as a model's inputs. */
export interface RowBlock {
  readonly start: number;
  readonly rows: number;
  /** By feature, [rows, 1] each. */
  readonly inputs: ReadonlyMap<string, InputValues>;
}

/**
 * A table as a model takes it, block by block, so that the texts of a large one are not all in memory at once.
 *
 * @throws `evaluation.missing_feature` for a feature that the table does not have
 */
export function* rowBlocks(signature: Signature, table: Table): Generator<RowBlock> {
  const columns = signature.features.map(({ name }) => {
    const column = table.columns.find((one) => one.name === name);
    if (!column) throw new MillraceError("evaluation.missing_feature", 500, `The table has no column ${name}, which the model needs`);
    return column;
  });
  for (let start = 0; start < table.rows; start += blockRows) {
    const end = Math.min(start + blockRows, table.rows);
    const block = columns.map((column) => (column.type === "number" ? { ...column, values: column.values.subarray(start, end) } : { ...column, codes: column.codes.subarray(start, end) }));
    yield { start, rows: end - start, inputs: inputValues(signature, block) };
  }
}

/** The output that a model is judged by, and its numbers for each row: the prediction, or a probability for each class. */
export const judgedOutput = ({ task, classes = [] }: Signature): { readonly output: string; readonly width: number } => (task === "regression" ? { output: "prediction", width: 1 } : { output: "probabilities", width: classes.length });
