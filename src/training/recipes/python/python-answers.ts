import type { Column, Table } from "../../../data/types.ts";
import { MillraceError } from "../../../errors.ts";
import type { Model } from "../../../serving/gateway/runtimes/runtime.ts";
import type { Tensor } from "../../../serving/gateway/tensors/tensor.ts";
import { inputValues } from "../../input-tensors.ts";
import type { Signature } from "../../types.ts";

/** Rows of a request to the process. */
const blockRows = 16_384;

const datatypes = { float32: "FP32", float64: "FP64", string: "BYTES" } as const;

/**
 * A packed model's answers to a table, by the runtime that serves it: a number for each row, or row by row a probability for each class.
 *
 * @throws `evaluation.missing_feature`; `evaluation.model_failed` with what the model said
 */
export async function pythonAnswers(model: Model, signature: Signature, table: Table): Promise<Float64Array<ArrayBuffer>> {
  const [output, width] = signature.task === "regression" ? ["prediction", 1] : ["probabilities", (signature.classes ?? []).length];
  const columns = signature.features.map(({ name }) => {
    const column = table.columns.find((one) => one.name === name);
    if (!column) throw new MillraceError("evaluation.missing_feature", 500, `The table has no column ${name}, which the model needs`);
    return column;
  });
  const answers = new Float64Array(table.rows * width);
  for (let start = 0; start < table.rows; start += blockRows) {
    const end = Math.min(start + blockRows, table.rows);
    const failed = (why: string): MillraceError => new MillraceError("evaluation.model_failed", 400, `The model does not answer rows ${start + 1} to ${end}: ${why}`);
    const found = await model.run(tensorsOf(signature, columns, start, end)).catch((error: unknown) => {
      throw failed(error instanceof Error ? error.message : String(error));
    });
    const values = found.find(({ name }) => name === output)?.data as ArrayLike<number> | undefined;
    if (values?.length !== (end - start) * width) throw failed(`it gives ${(values?.length ?? 0) / width} answers to ${end - start} rows`);
    answers.set(values, start * width);
  }
  return answers;
}

function tensorsOf(signature: Signature, columns: readonly Column[], start: number, end: number): Tensor[] {
  const block = columns.map((column) => (column.type === "number" ? { ...column, values: column.values.subarray(start, end) } : { ...column, codes: column.codes.subarray(start, end) }));
  return [...inputValues(signature, block)].map(([name, { type, data }]): Tensor => ({ name, datatype: datatypes[type], shape: [end - start, 1], data }));
}
