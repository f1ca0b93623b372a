import { readFile } from "node:fs/promises";
import type { Table } from "../data/types.ts";
import { MillraceError } from "../errors.ts";
import { inputValues } from "../training/input-tensors.ts";
import type { Prediction, Signature } from "../training/types.ts";

const blockRows = 65_536;

/**
 * Scores a table with a model's ONNX graph in ONNX Runtime: the same file and the same engine that serve it. `table` needs the
 * signature's features; unseen categories go in as they are.
 */
export async function scoreOnnx(path: string, signature: Signature, table: Table): Promise<Prediction> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(await readFile(path), { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const columns = signature.features.map(({ name }) => {
      const column = table.columns.find((one) => one.name === name);
      if (!column) throw new MillraceError("evaluation.missing_feature", 500, `The table has no column ${name}, which the model needs`);
      return column;
    });
    const answers = signature.task === "regression" ? new Float64Array(table.rows) : new Float64Array(table.rows * (signature.classes ?? []).length);
    const width = table.rows === 0 ? 0 : answers.length / table.rows;
    // Block by block, so that texts and answers of a large table are not all in memory at once.
    for (let start = 0; start < table.rows; start += blockRows) {
      const end = Math.min(start + blockRows, table.rows);
      const block = columns.map((column) => (column.type === "number" ? { ...column, values: column.values.subarray(start, end) } : { ...column, codes: column.codes.subarray(start, end) }));
      const feeds = Object.fromEntries([...inputValues(signature, block)].map(([name, { type, data }]) => [name, new Tensor(type as "float32", data as Float32Array, [end - start, 1])]));
      const found = await session.run(feeds);
      answers.set(found[signature.task === "regression" ? "prediction" : "probabilities"].data as Float32Array, start * width);
    }
    return signature.task === "regression" ? { task: "regression", values: answers } : { task: signature.task, classes: signature.classes ?? [], probabilities: answers };
  } finally {
    await session.release();
  }
}
