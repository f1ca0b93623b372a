import * as ort from "onnxruntime-node";
import type { Table } from "../../data/types.ts";
import { featureColumnsOf } from "../columns.ts";
import { inputValues } from "../input-tensors.ts";
import type { Signature, TrainedModel } from "../types.ts";

/** What the exported model answers to a table. */
export interface OnnxAnswer {
  /** `prediction`, or `probabilities` row-major. */
  readonly values: Float64Array;
  readonly labels: readonly string[];
  readonly signature: Signature;
}

/** Serves the rows of a table through onnxruntime, `batch` rows at a time. */
export async function runOnnx(model: TrainedModel, table: Table, batch = table.rows): Promise<OnnxAnswer> {
  const { signature } = model;
  const session = await ort.InferenceSession.create(model.toOnnx(), { logSeverityLevel: 3 });
  const columns = featureColumnsOf(table, signature);
  const values: number[] = [];
  const labels: string[] = [];
  for (let start = 0; start < table.rows; start += batch) {
    const end = Math.min(start + batch, table.rows);
    const rows = columns.map((column) =>
      column.type === "number" ? { ...column, values: column.values.subarray(start, end) } : { ...column, codes: column.codes.subarray(start, end) },
    );
    const feeds = Object.fromEntries([...inputValues(signature, rows)].map(([name, { type, data }]) => [name, new ort.Tensor(type as "float32", data as Float32Array, [end - start, 1])]));
    const answer = await session.run(feeds);
    for (const value of (answer.prediction ?? answer.probabilities).data as Float32Array) values.push(value);
    if (answer.label) labels.push(...(answer.label.data as string[]));
  }
  await session.release();
  return { values: Float64Array.from(values), labels, signature };
}
