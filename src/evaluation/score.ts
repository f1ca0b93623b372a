import type { Column, Table } from "../data/types.ts";
import { mostThreads, onThread } from "../threads.ts";
import { predictionOf } from "../training/onnx/run-graph.ts";
import { blockRows } from "../training/row-blocks.ts";
import type { PackedModels } from "../training/recipes/python/packed-models.ts";
import type { ModelFiles, Prediction, PythonModel, Signature } from "../training/types.ts";
import type { BlobStore } from "../storage/blobs.ts";
import { answersOf, type ScoredPart } from "./score-part.ts";

/** Fewer rows are scored before a thread has begun. */
const leastRows = 2 * blockRows;

/** Where models are scored. */
export interface Scoring {
  readonly blobs: BlobStore;
  /** Those that only Python loads. */
  readonly packed: PackedModels;
}

/** Scores a table with a model, by the engine that serves it: ONNX Runtime, or a process of the model's own Python. */
export async function scoreModel(model: Pick<ModelFiles, "sha256" | "python">, signature: Signature, table: Table, { blobs, packed }: Scoring, threads?: number): Promise<Prediction> {
  if (isPython(model)) return predictionOf(await packed.answers(model, signature, table), signature);
  return scoreOnnx(await blobs.localPath(model.sha256, "the model to score"), signature, table, threads);
}

const isPython = <M extends { readonly python?: PythonModel }>(model: M): model is M & { readonly python: PythonModel } => model.python !== undefined;

/**
 * Scores a table with a model's ONNX graph in ONNX Runtime: the same file and the same engine that serve it. `table` needs the
 * signature's features; unseen categories go in as they are. Many rows are scored on several threads, each row as on one: every thread has a session of
 * its own that computes on that thread alone.
 */
export async function scoreOnnx(path: string, signature: Signature, table: Table, threads: number = Math.min(mostThreads(), Math.floor(table.rows / leastRows))): Promise<Prediction> {
  const perThread = Math.ceil(table.rows / Math.max(1, threads) / blockRows) * blockRows;
  const starts = Array.from({ length: Math.max(0, Math.ceil(table.rows / perThread) - 1) }, (_, at) => (at + 1) * perThread);
  const others = starts.map((start) => onThread<ScoredPart, Float64Array>(import.meta.url, "score-thread", { path, signature, table: rowsOf(table, signature, start, Math.min(table.rows, start + perThread)) }));
  const first = await answersOf({ path, signature, table: starts.length === 0 ? table : rowsOf(table, signature, 0, perThread) });
  const answers = starts.length === 0 ? first : joined([first, ...(await Promise.all(others))]);
  return predictionOf(answers, signature);
}

/** Rows `start` up to `end` of the columns that the model takes, in memory of their own. */
function rowsOf({ columns }: Table, { features }: Signature, start: number, end: number): Table {
  const taken = new Set(features.map(({ name }) => name));
  const cut = (column: Column): Column => (column.type === "number" ? { ...column, values: column.values.slice(start, end) } : { ...column, codes: column.codes.slice(start, end) });
  return { rows: end - start, columns: columns.filter(({ name }) => taken.has(name)).map(cut) };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
