import type { Table } from "../../../data/types.ts";
import { MillraceError } from "../../../errors.ts";
import type { Model } from "../../../serving/gateway/runtimes/runtime.ts";
import type { Tensor } from "../../../serving/gateway/tensors/tensor.ts";
import { judgedOutput, rowBlocks, type RowBlock } from "../../row-blocks.ts";
import type { Signature } from "../../types.ts";

const datatypes = { float32: "FP32", float64: "FP64", string: "BYTES" } as const;

/**
 * A packed model's answers to a table, by the runtime that serves it: a number for each row, or row by row a probability for each class.
 *
 * @throws `evaluation.missing_feature`; `evaluation.model_failed` with what the model said
 */
export async function pythonAnswers(model: Model, signature: Signature, table: Table): Promise<Float64Array<ArrayBuffer>> {
  const { output, width } = judgedOutput(signature);
  const answers = new Float64Array(table.rows * width);
  for (const block of rowBlocks(signature, table)) {
    const { start, rows } = block;
    const failed = (why: string): MillraceError => new MillraceError("evaluation.model_failed", 400, `The model does not answer rows ${start + 1} to ${start + rows}: ${why}`);
    const found = await model.run(tensorsOf(block)).catch((error: unknown) => {
      throw failed(error instanceof Error ? error.message : String(error));
    });
    const values = found.find(({ name }) => name === output)?.data as ArrayLike<number> | undefined;
    if (values?.length !== rows * width) throw failed(`it gives ${(values?.length ?? 0) / width} answers to ${rows} rows`);
    answers.set(values, start * width);
  }
  return answers;
}

const tensorsOf = ({ rows, inputs }: RowBlock): Tensor[] => [...inputs].map(([name, { type, data }]) => ({ name, datatype: datatypes[type], shape: [rows, 1], data }));
