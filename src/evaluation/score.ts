import { readFile } from "node:fs/promises";
import type { Table } from "../data/types.ts";
import { MillraceError } from "../errors.ts";
import type { Prediction, Signature } from "../training/types.ts";

/**
 * Scores a table with a model's ONNX graph in ONNX Runtime: the same file and the same engine that serve it. `table` needs the
 * signature's features; unseen categories go in as they are.
 */
export async function scoreOnnx(path: string, signature: Signature, table: Table): Promise<Prediction> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(await readFile(path), { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const feeds = Object.fromEntries(
      signature.features.map((feature) => {
        const column = table.columns.find((one) => one.name === feature.name);
        if (!column) throw new MillraceError("evaluation.missing_feature", 500, `The table has no column ${feature.name}, which the model needs`);
        if (column.type === "number" && feature.type === "number") return [feature.name, new Tensor("float32", Float32Array.from(column.values), [table.rows, 1])];
        const text = column.type === "number" ? Array.from(column.values, (value) => (Number.isNaN(value) ? "" : String(value))) : Array.from(column.codes, (code) => (code < 0 ? "" : column.dictionary[code]));
        return [feature.name, new Tensor("string", text, [table.rows, 1])];
      }),
    );
    const answers = await session.run(feeds);
    if (signature.task === "regression") return { task: "regression", values: Float64Array.from(answers["prediction"].data as Float32Array) };
    return { task: signature.task, classes: signature.classes ?? [], probabilities: Float64Array.from(answers["probabilities"].data as Float32Array) };
  } finally {
    await session.release();
  }
}
