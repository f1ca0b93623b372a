import { readFile } from "node:fs/promises";
import type { Table } from "../data/types.ts";
import { runGraph } from "../training/onnx/run-graph.ts";
import type { Signature } from "../training/types.ts";

/** Rows to score, and with which graph. */
export interface ScoredPart {
  readonly path: string;
  readonly signature: Signature;
  readonly table: Table;
}

/** The graph's answers: a number for each row, or row by row a probability for each class. */
export async function answersOf({ path, signature, table }: ScoredPart): Promise<Float64Array<ArrayBuffer>> {
  const [output, width] = signature.task === "regression" ? ["prediction", 1] : ["probabilities", (signature.classes ?? []).length];
  const answers = new Float64Array(table.rows * width);
  await runGraph(await readFile(path), signature, table, (found, start) => answers.set(found[output].data as ArrayLike<number>, start * width));
  return answers;
}
