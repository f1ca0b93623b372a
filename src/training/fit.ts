import type { IngestOutput } from "../data/ingest-step.ts";
import { readingsOf, type Table } from "../data/types.ts";
import { MillraceError } from "../errors.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { TrainedIn } from "./environments/types.ts";
import { predictionOf } from "./onnx/run-graph.ts";
import { runRecipe, type Workshop } from "./recipes/run-recipe.ts";
import type { Recipe } from "./recipes/types.ts";
import type { ModelFiles, Prediction, Signature, TrainingRequest } from "./types.ts";

/** How models of a project are made, by one of our trainers or by a recipe, whatever the rows. */
export interface Making {
  /** A trainer's name; `run` for a recipe. */
  readonly algorithm: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Given where the algorithm is `run`. */
  readonly recipe?: Recipe | null;
  /** The dataset that the rows are of. */
  readonly table: IngestOutput;
  readonly features: readonly string[];
  readonly target: string;
  readonly task: TrainingRequest["task"];
  readonly time: string | null;
  readonly seed: number;
  /** How much each row counts; absent: all alike. A recipe takes none. */
  readonly weights?: Float64Array;
}

/** A model that was made, wherever it came from. */
export interface Fit {
  readonly algorithm: string;
  readonly signature: Signature;
  readonly params: Readonly<Record<string, unknown>>;
  readonly importances: Readonly<Record<string, number>>;
  readonly predict: (table: Table) => Promise<Prediction>;
  /** Its files, in the artifact store. */
  readonly files: () => Promise<ModelFiles>;
  readonly seconds: number;
  /** How a command made it, with what it ran in. */
  readonly recipe?: Recipe;
  /** What its command printed. */
  readonly log?: { readonly sha256: string; readonly size: number };
}

export type Progress = NonNullable<TrainingRequest["onProgress"]>;

/** Makes a model of rows. Those of a recipe's training must know their numbers (`data/row-numbers.ts`). */
export async function fitOn(train: Table, making: Making, workshop: Workshop, blobs: BlobStore, onProgress?: Progress): Promise<Fit> {
  const request = requestOf(train, making);
  const { algorithm, params, recipe } = making;
  if (algorithm === "run") {
    if (!recipe) throw new MillraceError("training.no_recipe", 500, "A command is to train, and its recipe was not handed on");
    const made = await runRecipe({ recipe, train, table: making.table, request: { ...request, params }, time: making.time }, workshop, blobs);
    return { algorithm, signature: made.signature, params, importances: made.importances, predict: async (table) => predictionOf(await made.answers(table), made.signature), files: async () => made.model, seconds: made.seconds, recipe: withEnvironment(recipe, made.trainedIn), log: made.log };
  }
  // Only worker processes need the trainers.
  const { findTrainer } = await import("./trainers.ts");
  const started = performance.now();
  const model = findTrainer(algorithm).train({ ...request, params, ...(onProgress && { onProgress }) });
  return { algorithm: model.algorithm, signature: model.signature, params: model.params, importances: model.importances, predict: async (table) => model.predict(table), files: () => blobs.put(model.toOnnx()), seconds: (performance.now() - started) / 1000 };
}

/** A recipe with what its command has run in: a retraining goes by it. */
const withEnvironment = (recipe: Recipe, made: TrainedIn | undefined): Recipe => (recipe.python && made ? { ...recipe, python: { ...recipe.python, made } } : recipe);

/** The request for a training on these rows, but for the parameters. */
export function requestOf(train: Table, { table, features, target, task, time, seed, weights }: Making): Omit<TrainingRequest, "params"> {
  const eventTime = eventTimeOf(table, time);
  const times = time === null ? undefined : train.columns.find(({ name }) => name === time);
  return { table: train, target, features, task, seed, readings: readingsOf(table.columns), ...(eventTime && { eventTime }), ...(times?.type === "number" && { times: times.values }), ...(weights && { weights }) };
}

/** The time column as a feature that a request may leave out. */
function eventTimeOf({ columns }: IngestOutput, time: string | null): TrainingRequest["eventTime"] {
  const stored = columns.find(({ name }) => name === time)?.stored;
  return time !== null && (stored === "DATE" || stored === "TIMESTAMP") ? { feature: time, precision: stored } : undefined;
}
