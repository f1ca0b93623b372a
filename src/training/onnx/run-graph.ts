import type { Table } from "../../data/types.ts";
import { MillraceError } from "../../errors.ts";
import { inputValues } from "../input-tensors.ts";
import type { Prediction, Signature } from "../types.ts";

/** Rows of a request to the session. */
export const blockRows = 16_384;

/** What a graph answered for a block of rows: its outputs' values, row-major, by name. */
export type GraphAnswers = Readonly<Record<string, { readonly data: ArrayLike<number> | readonly string[] }>>;

/**
 * Runs a graph that takes the features of a signature over a table, block by block on this thread alone, so that texts and answers of a large table are not all in
 * memory at once; `take` is given the answers for the rows from `start` on.
 *
 * @throws `evaluation.missing_feature` for a feature that the table does not have, and what ONNX Runtime says of the graph
 */
export async function runGraph(graph: Uint8Array, signature: Signature, table: Table, take: (answers: GraphAnswers, start: number) => void): Promise<void> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(graph, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const columns = signature.features.map(({ name }) => {
      const column = table.columns.find((one) => one.name === name);
      if (!column) throw new MillraceError("evaluation.missing_feature", 500, `The table has no column ${name}, which the model needs`);
      return column;
    });
    for (let start = 0; start < table.rows; start += blockRows) {
      const end = Math.min(start + blockRows, table.rows);
      const block = columns.map((column) => (column.type === "number" ? { ...column, values: column.values.subarray(start, end) } : { ...column, codes: column.codes.subarray(start, end) }));
      const feeds = Object.fromEntries([...inputValues(signature, block)].map(([name, { type, data }]) => [name, new Tensor(type as "float32", data as Float32Array, [end - start, 1])]));
      take((await session.run(feeds)) as GraphAnswers, start);
    }
  } finally {
    await session.release();
  }
}

/** A graph's answers to a table as a prediction. */
export const predictionOf = (answers: Float64Array, { task, classes = [] }: Signature): Prediction => (task === "regression" ? { task, values: answers } : { task, classes, probabilities: answers });

/** A graph's answers to a table, in our own form: a number for each row, or row by row a probability for each class. */
export async function graphAnswers(graph: Uint8Array, signature: Signature, table: Table): Promise<Float64Array<ArrayBuffer>> {
  const [output, width] = signature.task === "regression" ? ["prediction", 1] : ["probabilities", (signature.classes ?? []).length];
  const answers = new Float64Array(table.rows * width);
  await runGraph(graph, signature, table, (found, start) => answers.set(found[output].data as ArrayLike<number>, start * width));
  return answers;
}
