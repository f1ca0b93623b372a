import type { IngestOutput } from "../data/ingest-step.ts";
import { tableOf } from "../data/held-table.ts";
import { selectRows } from "../data/select-rows.ts";
import { readingsOf, type Table } from "../data/types.ts";
import type { ValidateOutput } from "../data/validate-step.ts";
import { invalid } from "../errors.ts";
import type { Step, StepProgress } from "../stage.ts";
import type { BlobStore } from "../storage/blobs.ts";
import { heldOutRows, part, timesOf, weightsByAge, type Holdout } from "./holdout.ts";
import type { Signature, TrainedModel, TrainingRequest } from "./types.ts";

interface TrainParams {
  readonly algorithm: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly holdout: Holdout;
  readonly time: string | null;
  /** Also train the linear baseline (not for the refit, which nothing is compared with). */
  readonly baseline: boolean;
}

interface Blob {
  readonly sha256: string;
  readonly size: number;
}

/** What `training.train` hands on. */
export interface TrainOutput {
  readonly algorithm: string;
  /** The ONNX graph: preprocessing and model in one. */
  readonly model: Blob;
  readonly baseline: Blob | null;
  readonly signature: Signature;
  readonly params: Readonly<Record<string, unknown>>;
  readonly importances: Readonly<Record<string, number>>;
  /** Training loss after each boosting round or solver iteration. */
  readonly losses: readonly number[];
  readonly rows: number;
  /** The newest point in time among the training rows, milliseconds; null without a time column. */
  readonly until: number | null;
  readonly seconds: number;
  /** The naive predictor: the mean of the target, or the share of each class, in the training rows. */
  readonly naive: { readonly mean: number } | { readonly shares: readonly number[] };
}

/** Trains a model (and the linear baseline beside it) on the rows that are not held out. */
export const trainStep: Step = {
  name: "training.train",
  purpose: "Trains the model and its linear baseline, and writes preprocessing and model as one ONNX graph",
  version: 3,
  where: "worker",
  run: async ({ params, inputs, seed, blobs, report }) => {
    const chosen = inputs["chosen"] as { readonly refit?: Holdout } | undefined;
    const options = { ...(params as unknown as TrainParams), ...(chosen?.refit && { holdout: chosen.refit }) };
    const table = inputs["table"] as IngestOutput;
    const { features, target, task } = inputs["checked"] as ValidateOutput;
    const names = features.map((feature) => feature.name);
    const labelled = withLabels(await tableOf(table, blobs, [...new Set([...names, target, ...(options.time === null ? [] : [options.time]), ...groupOf(options.holdout)])]), target);
    const train = part(labelled, heldOutRows(labelled, target, task, options.holdout, names).train);
    const aged = options.holdout.by === "none" ? options.holdout.halfLife : undefined;
    const weights = aged && weightsByAge(timesOf(train, aged.column), aged.ms);
    return trainOn(train, { ...options, table, features: names, target, task, seed, report, ...(weights && { weights }) }, blobs);
  },
};

/** A training on rows that were chosen: what `training.train` hands on. */
export interface Training extends Pick<TrainParams, "algorithm" | "params" | "time" | "baseline"> {
  readonly table: IngestOutput;
  readonly features: readonly string[];
  readonly target: string;
  readonly task: TrainingRequest["task"];
  readonly seed: number;
  /** How much each row of it counts; absent: all alike. */
  readonly weights?: Float64Array;
  readonly report: (progress: StepProgress) => void;
}

/** Trains a model, and the linear baseline beside it where asked, on all rows of `train`; the files go into the artifact store. */
export async function trainOn(train: Table, training: Training, blobs: BlobStore): Promise<TrainOutput> {
  const { algorithm, params, report, baseline } = training;
  const request = requestOf(train, training);
  // Only worker processes need the trainers.
  const { findTrainer } = await import("./trainers.ts");
  const losses: number[] = [];
  const started = performance.now();
  const model = findTrainer(algorithm).train({
    ...request,
    params,
    onProgress: ({ done, total, loss }) => {
      losses.push(loss);
      if (done % 10 === 0 || done === total) report({ message: `${algorithm} on ${train.rows} rows, loss ${loss.toPrecision(4)}`, done, total });
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const linear = baseline && model.algorithm !== "linear" ? await blobs.put(findTrainer("linear").train({ ...request, params: {} }).toOnnx()) : null;
  return outputOf(model, train, { ...training, losses, seconds, baseline: linear }, blobs);
}

/** The request for a training on these rows, but for the parameters. */
export function requestOf(train: Table, { table, features, target, task, time, seed, weights }: Pick<Training, "table" | "features" | "target" | "task" | "time" | "seed" | "weights">): Omit<TrainingRequest, "params"> {
  const eventTime = eventTimeOf(table, time);
  const times = time === null ? undefined : train.columns.find(({ name }) => name === time);
  return { table: train, target, features, task, seed, readings: readingsOf(table.columns), ...(eventTime && { eventTime }), ...(times?.type === "number" && { times: times.values }), ...(weights && { weights }) };
}

/** What a trained model hands on; its files go into the artifact store. */
export async function outputOf(
  model: TrainedModel,
  train: Table,
  { losses, seconds, baseline, time, target }: { readonly losses: readonly number[]; readonly seconds: number; readonly baseline: Blob | null; readonly time: string | null; readonly target: string },
  blobs: BlobStore,
): Promise<TrainOutput> {
  return {
    algorithm: model.algorithm,
    model: await blobs.put(model.toOnnx()),
    baseline,
    signature: model.signature,
    params: model.params,
    importances: model.importances,
    losses,
    rows: train.rows,
    until: newest(train, time),
    seconds,
    naive: naivePredictor(train, target, model.signature),
  };
}

const groupOf = (holdout: Holdout): string[] => (holdout.by === "random" && holdout.group !== undefined ? [holdout.group] : []);

/** The time column as a feature that a request may leave out. */
function eventTimeOf({ columns }: IngestOutput, time: string | null): TrainingRequest["eventTime"] {
  const stored = columns.find(({ name }) => name === time)?.stored;
  return time !== null && (stored === "DATE" || stored === "TIMESTAMP") ? { feature: time, precision: stored } : undefined;
}

/** The rows whose target is there; a row without one teaches nothing. */
export function withLabels(table: Table, target: string): Table {
  const column = table.columns.find((one) => one.name === target)!;
  const missing = (row: number): boolean => (column.type === "number" ? Number.isNaN(column.values[row]) : column.codes[row] < 0);
  let labelled = 0;
  for (let row = 0; row < table.rows; row++) if (!missing(row)) labelled++;
  if (labelled === table.rows) return table;
  const rows = new Uint32Array(labelled);
  for (let row = 0, at = 0; row < table.rows; row++) if (!missing(row)) rows[at++] = row;
  if (rows.length === 0) throw invalid("training.no_labels", `No row has a value in the target ${target}`);
  return selectRows(table, rows);
}

function newest(table: Table, time: string | null): number | null {
  const column = time === null ? undefined : table.columns.find((one) => one.name === time);
  if (column?.type !== "number") return null;
  return column.values.reduce((latest, value) => (value > latest ? value : latest), Number.NEGATIVE_INFINITY);
}

function naivePredictor(table: Table, target: string, signature: Signature): TrainOutput["naive"] {
  const column = table.columns.find((one) => one.name === target)!;
  if (signature.classes === undefined && column.type === "number") {
    return { mean: column.values.reduce((sum, value) => sum + value, 0) / table.rows };
  }
  const labels = labelsOf(table, target);
  return { shares: signature.classes!.map((name) => labels.filter((label) => label === name).length / table.rows) };
}

/** The target as class labels; numbers are written in decimal. */
export function labelsOf(table: Table, target: string): string[] {
  const column = table.columns.find((one) => one.name === target)!;
  return column.type === "number" ? Array.from(column.values, String) : Array.from(column.codes, (code) => column.dictionary[code]);
}
