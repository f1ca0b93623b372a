import type { IngestOutput } from "../data/ingest-step.ts";
import { tableOf } from "../data/held-table.ts";
import { selectRows } from "../data/select-rows.ts";
import { withRowNumbers } from "../data/row-numbers.ts";
import type { Table } from "../data/types.ts";
import type { ValidateOutput } from "../data/validate-step.ts";
import { invalid } from "../errors.ts";
import type { Step } from "../stage.ts";
import type { BlobStore } from "../storage/blobs.ts";
import { fitOn, requestOf, type Fit, type Making } from "./fit.ts";
import { heldOutRows, part, timesOf, weightsByAge, type Holdout } from "./holdout.ts";
import { withPacked } from "./recipes/python/packed-models.ts";
import { workshopOf, type Workshop } from "./recipes/run-recipe.ts";
import type { Recipe } from "./recipes/types.ts";
import { adopted, type ModelFiles, type Signature, type TrainedModel } from "./types.ts";

interface TrainParams {
  /** A trainer; `run` for the recipe that is handed in, by the step before or with the parameters. */
  readonly algorithm: string;
  readonly recipe?: Recipe | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly holdout: Holdout;
  readonly time: string | null;
  /** Also train the linear baseline (not for the refit, which nothing is compared with). */
  readonly baseline: boolean;
}

/** A recipe's command may read what nobody knows of: it is run every time. */
export const isRepeatable = ({ algorithm }: { readonly algorithm?: unknown }): boolean => algorithm !== "run";

interface Blob {
  readonly sha256: string;
  readonly size: number;
}

/** What `training.train` hands on. */
export interface TrainOutput {
  readonly algorithm: string;
  /** Preprocessing and model in one. */
  readonly model: ModelFiles;
  readonly baseline: Blob | null;
  /** What the baseline takes, where that is not what the model takes: absent beside one of our trainers. */
  readonly baselineSignature?: Signature;
  readonly signature: Signature;
  readonly params: Readonly<Record<string, unknown>>;
  readonly importances: Readonly<Record<string, number>>;
  /** Training loss after each boosting round or solver iteration. */
  readonly losses: readonly number[];
  readonly rows: number;
  /** The newest point in time among the training rows, milliseconds; null without a time column. */
  readonly until: number | null;
  readonly seconds: number;
  /** How it was made, where a command made it. */
  readonly recipe?: Recipe;
  /** What that command printed. */
  readonly log?: Blob;
  /** The naive predictor: the mean of the target, or the share of each class, in the training rows. */
  readonly naive: { readonly mean: number } | { readonly shares: readonly number[] };
}

/** Trains a model (and the linear baseline beside it) on the rows that are not held out. */
export const trainStep: Step = {
  name: "training.train",
  purpose: "Trains the model and its linear baseline, and writes preprocessing and model as one ONNX graph",
  version: 3,
  where: "worker",
  repeatable: isRepeatable,
  run: async (context) => {
    const { params, inputs, seed, blobs } = context;
    const chosen = inputs["chosen"] as { readonly refit?: Holdout } | undefined;
    const options = { ...(params as unknown as TrainParams), ...(chosen?.refit && { holdout: chosen.refit }) };
    const table = inputs["table"] as IngestOutput;
    const { features, target, task } = inputs["checked"] as ValidateOutput;
    const names = features.map((feature) => feature.name);
    const whole = await tableOf(table, blobs, [...new Set([...names, target, ...(options.time === null ? [] : [options.time]), ...groupOf(options.holdout)])]);
    const labelled = rowsToTrain(whole, options.algorithm, target);
    const train = part(labelled, heldOutRows(labelled, target, task, options.holdout, names).train);
    const recipe = (inputs["recipe"] as Recipe | undefined) ?? options.recipe ?? null;
    // The training that nothing is compared with is one beside the run's own.
    const aged = options.holdout.by === "none" ? options.holdout.halfLife : undefined;
    const weights = aged && weightsByAge(timesOf(train, aged.column), aged.ms);
    return withPacked(context, (packed) => {
      const workshop = workshopOf(context, { experimentId: experimentOf(inputs), part: options.baseline ? null : "refit", packed });
      return trainOn(train, { ...options, recipe, table, features: names, target, task, seed, ...(weights && { weights }) }, workshop, blobs);
    });
  },
};

/** The tracking experiment of the pipeline's run, as the step that began the run hands it on. */
export const experimentOf = (inputs: Readonly<Record<string, unknown>>): string | null => (inputs["begun"] as { readonly experimentId: string } | undefined)?.experimentId ?? null;

/** Makes a model, and the linear baseline beside it where asked, of all rows of `train`; the files go into the artifact store. */
export async function trainOn(train: Table, making: Making & { readonly baseline: boolean }, workshop: Workshop, blobs: BlobStore): Promise<TrainOutput> {
  const losses: number[] = [];
  const fit = await fitOn(train, making, workshop, blobs, ({ done, total, loss }) => {
    losses.push(loss);
    if (done % 10 === 0 || done === total) workshop.report({ message: `${making.algorithm} on ${train.rows} rows, loss ${loss.toPrecision(4)}`, done, total });
  });
  return outputOf(fit, train, making, { losses, baseline: making.baseline && fit.algorithm !== "linear" }, blobs);
}

/** What a model that was made hands on, with a linear baseline of the same rows where asked; its files go into the artifact store. */
export async function outputOf(fit: Fit, train: Table, making: Making, { losses, baseline }: { readonly losses: readonly number[]; readonly baseline: boolean }, blobs: BlobStore): Promise<TrainOutput> {
  const { algorithm, signature, params, importances, seconds, log, recipe } = fit;
  const linear = baseline ? await linearModel(train, making) : null;
  return {
    algorithm,
    model: await fit.files(),
    baseline: linear && (await blobs.put(linear.toOnnx())),
    ...(linear && (making.recipe || making.algorithm === adopted) && { baselineSignature: linear.signature }),
    signature,
    params,
    importances,
    losses,
    rows: train.rows,
    until: newest(train, making.time),
    seconds,
    ...(recipe && { recipe }),
    ...(log && { log }),
    naive: naivePredictor(train, making.target, signature),
  };
}

async function linearModel(train: Table, making: Making): Promise<TrainedModel> {
  const { findTrainer } = await import("./trainers.ts");
  return findTrainer("linear").train({ ...requestOf(train, making), params: {} });
}

const groupOf = (holdout: Holdout): string[] => (holdout.by === "random" && holdout.group !== undefined ? [holdout.group] : []);

/** The rows that can be trained on; those of a recipe know which rows of the dataset's file they are. */
export const rowsToTrain = (table: Table, algorithm: string, target: string): Table => withLabels(algorithm === "run" ? withRowNumbers(table) : table, target);

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
