import { readFile } from "node:fs/promises";
import type { Table } from "../data/types.ts";
import { MillraceError } from "../errors.ts";
import { inputValues } from "../training/input-tensors.ts";
import type { Signature } from "../training/types.ts";

/** Rows of a request to the session. */
export const blockRows = 16_384;

/** Rows to score, and with which graph. */
export interface ScoredPart {
  readonly path: string;
  readonly signature: Signature;
  readonly table: Table;
}

/** The graph's answers: a number for each row, or row by row a probability for each class. */
export async function answersOf({ path, signature, table }: ScoredPart): Promise<Float64Array<ArrayBuffer>> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(await readFile(path), { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const columns = signature.features.map(({ name }) => {
      const column = table.columns.find((one) => one.name === name);
      if (!column) throw new MillraceError("evaluation.missing_feature", 500, `The table has no column ${name}, which the model needs`);
      return column;
    });
    const width = signature.task === "regression" ? 1 : (signature.classes ?? []).length;
    const answers = new Float64Array(table.rows * width);
    // Block by block, so that texts and answers of a large table are not all in memory at once.
    for (let start = 0; start < table.rows; start += blockRows) {
      const end = Math.min(start + blockRows, table.rows);
      const block = columns.map((column) => (column.type === "number" ? { ...column, values: column.values.subarray(start, end) } : { ...column, codes: column.codes.subarray(start, end) }));
      const feeds = Object.fromEntries([...inputValues(signature, block)].map(([name, { type, data }]) => [name, new Tensor(type as "float32", data as Float32Array, [end - start, 1])]));
      const found = await session.run(feeds);
      answers.set(found[signature.task === "regression" ? "prediction" : "probabilities"].data as Float32Array, start * width);
    }
    return answers;
  } finally {
    await session.release();
  }
}
