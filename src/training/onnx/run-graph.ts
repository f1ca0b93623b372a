import type { Table } from "../../data/types.ts";
import { judgedOutput, rowBlocks } from "../row-blocks.ts";
import type { Prediction, Signature } from "../types.ts";

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
    for (const { start, rows, inputs } of rowBlocks(signature, table)) {
      const feeds = Object.fromEntries([...inputs].map(([name, { type, data }]) => [name, new Tensor(type as "float32", data as Float32Array, [rows, 1])]));
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
  const { output, width } = judgedOutput(signature);
  const answers = new Float64Array(table.rows * width);
  await runGraph(graph, signature, table, (found, start) => answers.set(found[output].data as ArrayLike<number>, start * width));
  return answers;
}
