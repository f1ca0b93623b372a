import { eventTimes } from "../../data/event-time.ts";
import type { IngestOutput } from "../../data/ingest-step.ts";
import { tableOf } from "../../data/held-table.ts";
import { everyNth, numbersAt, selectRows } from "../../data/select-rows.ts";
import type { ValidateOutput } from "../../data/validate-step.ts";
import { scoreModel } from "../../evaluation/score.ts";
import type { Table } from "../../data/types.ts";
import { day } from "../../clock.ts";
import type { Step, WorkerContext } from "../../stage.ts";
import { mostThreads, onThread } from "../../threads.ts";
import type { TrainOutput } from "../../training/train-step.ts";
import { withPacked, type PackedModels } from "../../training/recipes/python/packed-models.ts";
import type { Prediction } from "../../training/types.ts";
import { effectsOf } from "./effects.ts";
import { referenceInTime, withTime } from "./reference-in-time.ts";
import type { ToProfile } from "./reference-thread.ts";
import type { RowTimes } from "./time-reference.ts";
import type { FeatureReference, ReferenceProfile, TimeWindow } from "../types.ts";

/** When rows happened and how long a drift window is; without them the reference has no season. */
interface ReferenceParams {
  readonly time?: { readonly column: string; readonly hour: string | null } | null;
  /** Milliseconds. */
  readonly window?: number;
}

/** Where a model's inputs and answers lay on its training data: what live windows are compared with. */
export const referenceStep: Step = {
  name: "monitoring.reference",
  purpose: "Profiles the model's inputs and answers on its training data, as the reference for drift",
  version: 4,
  where: "worker",
  run: (context) => withPacked(context, (packed) => profile(context, packed)),
};

async function profile({ params, inputs, blobs, seed }: WorkerContext, packed: PackedModels): Promise<ReferenceProfile> {
  const table = inputs["table"] as IngestOutput;
  const { features } = inputs["checked"] as ValidateOutput;
  const trained = inputs["trained"] as TrainOutput;
  const beside = table.rows * features.length >= cellsForThread && mostThreads() > 1;
  const time = timeOf(params, table);
  const names = features.map((feature) => feature.name);
  const read = await tableOf(table, blobs, [...new Set([...names, ...(time?.columns ?? [])])]);
  const loaded: Table = { rows: read.rows, columns: read.columns.slice(0, names.length) };
  const happened: RowTimes | undefined = time && { times: eventTimes(read, time.of), window: time.window, resolution: time.resolution };
  // Time goes on: that it does is no drift.
  const watched = features.filter(({ type }) => type !== "timestamp").map(({ name }) => loaded.columns.find((column) => column.name === name)!);
  // Most inputs are profiled on another thread, while the model answers; the rest here behind its answers.
  const here = beside ? Math.floor(watched.length / 3) : watched.length;
  const coming = beside ? onThread<ToProfile, FeatureReference[]>(import.meta.url, "reference-thread", { columns: watched.slice(here), happened }) : [];
  const scored = everyNth(loaded.rows, mostAnswers);
  const answered = loaded.rows <= mostAnswers ? loaded : selectRows(loaded, scored);
  const score = (rows: Table): Promise<Prediction> => scoreModel(trained.model, trained.signature, rows, { blobs, packed }, beside ? 1 : undefined);
  const answers = await score(answered);
  const effects = await effectsOf(loaded, watched.map(({ name }) => name), score, seed);
  const span = happened && spanOf(happened.times);
  const profiled = [...watched.slice(0, here).map((column) => referenceInTime(column, happened)), ...(await coming)];
  const profile: ReferenceProfile = {
    rows: table.rows,
    features: profiled.map((one, at) => ({ ...one, effect: effects[at] })),
    prediction: predictionReference(answers, happened && (loaded.rows <= mostAnswers ? happened : { ...happened, times: numbersAt(happened.times, scored) })),
    answers: answered.rows,
    ...(span && { span }),
  };
  return profile;
}

/** Fewer cells are profiled before a thread has begun. */
const cellsForThread = 2_000_000;

/** Answers of so many rows tell where answers lie: no decile is off by more than half a hundredth of the rows. */
const mostAnswers = 100_000;

/** Which columns say when a row happened, if they are points in time. */
function timeOf({ time, window }: ReferenceParams, table: IngestOutput) {
  const stored = time && table.columns.find(({ name }) => name === time.column)?.stored;
  if (!time || !window || (stored !== "DATE" && stored !== "TIMESTAMP")) return undefined;
  const hour = time.hour !== null && table.columns.some(({ name, type }) => name === time.hour && type === "number") ? time.hour : null;
  return { of: { column: time.column, hour }, columns: [time.column, ...(hour === null ? [] : [hour])], window, resolution: stored === "TIMESTAMP" ? 1 : hour === null ? day : day / 24 };
}

function spanOf(times: Float64Array): TimeWindow | undefined {
  let [from, until] = [Infinity, -Infinity];
  for (const time of times) {
    if (time < from) from = time;
    if (time > until) until = time;
  }
  return from <= until ? { from, until } : undefined;
}

/** The model's answers as a column: of classes the one it holds for the likeliest. */
function predictionReference(answers: Prediction, happened: RowTimes | undefined): FeatureReference {
  if (answers.task === "regression") return referenceInTime({ name: "prediction", type: "number", values: answers.values }, happened);
  const k = answers.classes.length;
  const codes = Int32Array.from({ length: answers.probabilities.length / k }, (_, row) => {
    let top = 0;
    for (let index = 1; index < k; index++) if (answers.probabilities[row * k + index] > answers.probabilities[row * k + top]) top = index;
    return top;
  });
  // All classes have a bin, in the model's order, those that it never answers, too.
  const shares = Array.from({ length: k + 1 }, () => 0);
  for (const code of codes) shares[code] += 1 / codes.length;
  const bare: FeatureReference = { name: "prediction", type: "category", categories: answers.classes, shares, missing: 0 };
  return withTime(bare, codes, happened);
}
