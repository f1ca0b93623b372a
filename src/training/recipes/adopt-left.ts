import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Table } from "../../data/types.ts";
import type { BlobStore } from "../../storage/blobs.ts";
import { graphAnswers } from "../onnx/run-graph.ts";
import type { ModelFiles, Signature } from "../types.ts";
import { adoptModel } from "./graph/adopt-model.ts";
import { adoptPython, type LeftPython } from "./python/adopt-python.ts";
import type { PackedModels } from "./python/packed-models.ts";

/** Somebody's model as one of ours. */
export interface AdoptedLeft {
  readonly model: ModelFiles;
  readonly signature: Signature;
  readonly importances: Readonly<Record<string, number>>;
  /** A number for each row, or row by row a probability for each class. */
  readonly answers: (table: Table) => Promise<Float64Array>;
}

/** Makes a model of any kind one of ours: a graph of our inputs and outputs, or packed for the Python that loads it. Throws what `adoptModel` and `adoptPython` throw. */
export async function adoptLeft(left: LeftPython, packed: PackedModels, blobs: BlobStore): Promise<AdoptedLeft> {
  if (left.left.kind !== "onnx") return await adoptPython(left, packed, blobs);
  const { path, name } = left.left;
  const { graph, signature, importances } = await adoptModel({ name, bytes: await readFile(path), folder: dirname(path), train: left.train, columns: left.columns, request: left.request });
  return { model: await blobs.put(graph), signature, importances, answers: (rows) => graphAnswers(graph, signature, rows) };
}
