import { readFile } from "node:fs/promises";
import type { Table } from "../data/types.ts";
import { invalid } from "../errors.ts";
import type { BlobStore } from "../storage/blobs.ts";
import { applyCalibration } from "./calibration/apply-calibration.ts";
import { calibratedGraph, requireRoom } from "./calibration/calibrated-graph.ts";
import { fitCalibration } from "./calibration/fit-calibration.ts";
import type { Provenance } from "./calibration/types.ts";
import type { Fit } from "./fit.ts";
import { labelsOf } from "./labels.ts";
import { naiveGraph, naiveOf, naivePrediction } from "./naive.ts";
import { graphAnswers, predictionOf } from "./onnx/run-graph.ts";
import type { Recipe } from "./recipes/types.ts";
import type { ModelFiles, Prediction, Signature } from "./types.ts";

/** A version that a model without a training is made of, as far as that takes it. */
export interface Origin extends Pick<ModelFiles, "sha256" | "python"> {
  readonly version: number;
  readonly signature: Signature;
  readonly algorithm: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly importances: Readonly<Record<string, number>>;
  /** Rows that it was made of. */
  readonly rows: number;
  /** By which it is retrained, where a command made it. */
  readonly recipe?: Recipe;
}

/** A model that no training made: a version with its answers recalibrated on labelled rows, or the naive predictor of such rows in a version's place. */
export interface Untrained {
  readonly kind: Provenance["kind"];
  readonly origin: Origin;
}

/** Makes such a model of labelled rows. What it is retrained by later stays that of its origin. */
export async function fitUntrained(train: Table, target: string, { kind, origin }: Untrained, blobs: BlobStore): Promise<Fit> {
  const { signature, version, recipe } = origin;
  const { algorithm, params } = origin;
  const common = { algorithm, signature, params, seconds: 0, ...(recipe && { recipe }) };
  if (kind === "naive") {
    const naive = naiveOf(train, target, signature);
    const none = Object.fromEntries(Object.keys(origin.importances).map((name) => [name, 0]));
    return { ...common, importances: none, rows: train.rows, provenance: { kind, version, rows: train.rows }, predict: async ({ rows }) => naivePrediction(naive, signature, rows), files: () => blobs.put(naiveGraph(naive, signature)) };
  }
  if (origin.python) throw invalid("training.not_calibrated", `version ${version} is loaded by Python alone, and a calibration is nodes of an ONNX graph`);
  const graph = await readFile(await blobs.localPath(origin.sha256, `the model of version ${version}`));
  requireRoom(graph);
  const answers = async (table: Table): Promise<Prediction> => predictionOf(await graphAnswers(graph, signature, table), signature);
  const calibration = fitCalibration(await answers(train), truthOf(train, target, signature));
  return { ...common, importances: origin.importances, rows: origin.rows + train.rows, provenance: { kind, version, rows: train.rows, calibration }, predict: async (table) => applyCalibration(await answers(table), calibration), files: () => blobs.put(calibratedGraph(graph, signature, calibration)) };
}

function truthOf(table: Table, target: string, { classes }: Signature): ArrayLike<number> {
  const column = table.columns.find(({ name }) => name === target)!;
  if (classes === undefined && column.type === "number") return column.values;
  const position = new Map(classes!.map((name, at) => [name, at]));
  return labelsOf(table, target).map((label) => position.get(label) ?? -1);
}
