import type { IngestOutput } from "../../data/ingest-step.ts";
import { tableOf } from "../../data/held-table.ts";
import { everyNth, selectRows } from "../../data/select-rows.ts";
import type { ValidateOutput } from "../../data/validate-step.ts";
import { scoreOnnx } from "../../evaluation/score.ts";
import type { Column } from "../../data/types.ts";
import type { Step } from "../../stage.ts";
import { mostThreads, onThread } from "../../threads.ts";
import type { TrainOutput } from "../../training/train-step.ts";
import type { Prediction } from "../../training/types.ts";
import { numberReference, referenceOf } from "./reference.ts";
import type { FeatureReference, ReferenceProfile } from "../types.ts";

/** Where a model's inputs and answers lay on its training data: what live windows are compared with. */
export const referenceStep: Step = {
  name: "monitoring.reference",
  purpose: "Profiles the model's inputs and answers on its training data, as the reference for drift",
  version: 3,
  where: "worker",
  run: async ({ inputs, blobs }) => {
    const table = inputs["table"] as IngestOutput;
    const { features } = inputs["checked"] as ValidateOutput;
    const trained = inputs["trained"] as TrainOutput;
    const beside = table.rows * features.length >= cellsForThread && mostThreads() > 1;
    const loaded = await tableOf(table, blobs, features.map((feature) => feature.name));
    // Time goes on: that it does is no drift.
    const watched = features.filter(({ type }) => type !== "timestamp").map(({ name }) => loaded.columns.find((column) => column.name === name)!);
    // Most inputs are profiled on another thread, while the model answers; the rest here behind its answers.
    const here = beside ? Math.floor(watched.length / 3) : watched.length;
    const coming = beside ? onThread<readonly Column[], FeatureReference[]>(import.meta.url, "reference-thread", watched.slice(here)) : [];
    const answered = loaded.rows <= mostAnswers ? loaded : selectRows(loaded, everyNth(loaded.rows, mostAnswers));
    const answers = await scoreOnnx(await blobs.localPath(trained.model.sha256, "the trained model"), trained.signature, answered, beside ? 1 : undefined);
    const profile: ReferenceProfile = {
      rows: table.rows,
      features: [...watched.slice(0, here).map(referenceOf), ...(await coming)],
      prediction: predictionReference(answers),
      answers: answered.rows,
    };
    return profile;
  },
};

/** Fewer cells are profiled before a thread has begun. */
const cellsForThread = 2_000_000;

/** Answers of so many rows tell where answers lie: no decile is off by more than half a hundredth of the rows. */
const mostAnswers = 100_000;

function predictionReference(answers: Prediction): FeatureReference {
  if (answers.task === "regression") return numberReference("prediction", answers.values);
  const k = answers.classes.length;
  const rows = answers.probabilities.length / k;
  const counts = Array.from({ length: k + 1 }, () => 0);
  for (let row = 0; row < rows; row++) {
    let top = 0;
    for (let index = 1; index < k; index++) if (answers.probabilities[row * k + index] > answers.probabilities[row * k + top]) top = index;
    counts[top] += 1 / rows;
  }
  return { name: "prediction", type: "category", categories: answers.classes, shares: counts, missing: 0 };
}
