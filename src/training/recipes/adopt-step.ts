import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { tableOf } from "../../data/held-table.ts";
import type { IngestOutput } from "../../data/ingest-step.ts";
import type { ValidateOutput } from "../../data/validate-step.ts";
import { invalid, MillraceError } from "../../errors.ts";
import type { Step, WorkerContext } from "../../stage.ts";
import { requestOf, type Fit, type Making } from "../fit.ts";
import { heldOutRows, part, type Holdout } from "../holdout.ts";
import { predictionOf } from "../onnx/run-graph.ts";
import { outputOf, withLabels, type TrainOutput } from "../train-step.ts";
import { adopted } from "../types.ts";
import { adoptLeft } from "./adopt-left.ts";
import { layFiles, type LaidFile } from "./lay-files.ts";
import { findLeftModel } from "./left-model.ts";
import { withPacked, type PackedModels } from "./python/packed-models.ts";
import type { Recipe } from "./types.ts";

interface AdoptParams {
  /** The version in words: `models:/prices/3`. */
  readonly from: string;
  /** Its files, by their paths in its folder. */
  readonly files: readonly LaidFile[];
  /** The interpreter that loads it, where it takes one. */
  readonly interpreter: string | null;
  readonly holdout: Holdout;
  readonly time: string | null;
}

/** Makes a model that somebody registered one of ours, in the place of a training: tried on the rows of a dataset, with the baselines of these rows beside it. */
export const adoptStep: Step = {
  name: "training.adopt",
  purpose: "Takes a model that a client registered in the place of a training: with an input for each feature, tried on rows, ready to be judged and watched",
  version: 1,
  where: "worker",
  run: (context) => withPacked(context, (packed) => adopt(context, packed)),
};

async function adopt({ params, inputs, seed, blobs, workdir, report }: WorkerContext, packed: PackedModels): Promise<TrainOutput> {
  const { from, files, interpreter, holdout, time } = params as unknown as AdoptParams;
  const table = inputs["table"] as IngestOutput;
  const { features, target, task } = inputs["checked"] as ValidateOutput;
  const names = features.map(({ name }) => name);
  const group = holdout.by === "random" && holdout.group !== undefined ? [holdout.group] : [];
  const labelled = withLabels(await tableOf(table, blobs, [...new Set([...names, target, ...(time === null ? [] : [time]), ...group])]), target);
  const train = part(labelled, heldOutRows(labelled, target, task, holdout, names).train);
  const folder = join(workdir, "adopted");
  await mkdir(folder);
  await layFiles(files, folder, blobs, (path) => `the file ${path} of ${from}`);
  const left = await findLeftModel(folder, from).catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.code !== "training.no_model") throw error;
    throw invalid("training.no_model", `${from} holds no model that can be asked: neither an ONNX file nor the folder of an MLflow model; its files are ${files.map(({ path }) => path).slice(0, 10).join(", ") || "none"}`);
  });
  if (left.kind !== "onnx" && interpreter === null) throw invalid("serving.python_not_allowed", `${from} is a Python model, which runs the code of whoever logged it. Say in which Python with --python <interpreter with mlflow and the model's requirements>, or start the server with it`);
  report({ message: `trying ${from}` });
  const making: Making = { algorithm: adopted, params: { from }, table, features: names, target, task, time, seed };
  const began = performance.now();
  const made = await adoptLeft({ left, interpreter: interpreter ?? "", env: {}, train, columns: table.columns, request: requestOf(train, making), format: "parquet", workdir }, packed, blobs);
  const recipe = inputs["recipe"] as Recipe | undefined;
  const fit: Fit = { algorithm: adopted, signature: made.signature, params: { from }, importances: made.importances, predict: async (rows) => predictionOf(await made.answers(rows), made.signature), files: async () => made.model, seconds: (performance.now() - began) / 1000, ...(recipe && { recipe }) };
  const output = await outputOf(fit, train, making, { losses: [], baseline: true }, blobs);
  // Nobody knows what it was trained on: all rows count as seen.
  const times = labelled.columns.find(({ name }) => name === time);
  return { ...output, rows: labelled.rows, until: times?.type === "number" ? times.values.reduce((latest, value) => (value > latest ? value : latest), Number.NEGATIVE_INFINITY) : null };
}
