import { readFile } from "node:fs/promises";
import type { Table } from "../data/types.ts";
import { graphAnswers } from "../training/onnx/run-graph.ts";
import type { Signature } from "../training/types.ts";

/** Rows to score, and with which graph. */
export interface ScoredPart {
  readonly path: string;
  readonly signature: Signature;
  readonly table: Table;
}

/** The graph's answers: a number for each row, or row by row a probability for each class. */
export const answersOf = async ({ path, signature, table }: ScoredPart): Promise<Float64Array<ArrayBuffer>> => await graphAnswers(await readFile(path), signature, table);
