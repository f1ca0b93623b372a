import { canonicalJson } from "../canonical-json.ts";
import type { IngestOutput } from "../data/ingest-step.ts";
import { tableOf } from "../data/held-table.ts";
import type { Table } from "../data/types.ts";
import type { ValidateOutput } from "../data/validate-step.ts";
import { invalid } from "../errors.ts";
import type { Step, WorkerContext } from "../stage.ts";
import { heldOutRows, part, type Holdout } from "../training/holdout.ts";
import { withLabels, type TrainOutput } from "../training/train-step.ts";
import { withPacked, type PackedModels } from "../training/recipes/python/packed-models.ts";
import type { ModelFiles, Prediction, Signature } from "../training/types.ts";
import { bootstrap, differenceOf, drawMetrics, intervalsOf } from "./bootstrap.ts";
import { calibrationOf } from "./calibration.ts";
import { lossName, metricsOf } from "./metrics.ts";
import { evaluationReport } from "./report.ts";
import { scoreModel } from "./score.ts";
import { scored, truthOf, type Scored } from "./scored.ts";
import { championText, type Evaluation, type Slice } from "./types.ts";

interface EvaluateParams {
  readonly model: string;
  readonly holdout: Holdout;
  readonly time: string | null;
  readonly slices: readonly string[];
  readonly champion: Compared | null;
}

/** Whom a model is compared with. */
export interface Compared extends Pick<ModelFiles, "sha256" | "python"> {
  readonly version: number;
  /** What it is called where it is no version of the registry. */
  readonly name?: string;
  readonly signature: Signature;
  /** The newest row it was trained on, ms; null: not known. */
  readonly until: number | null;
  /** The dataset, and what of it was held out of its training: with the same ones it has not seen the rows either. */
  readonly split?: { readonly dataset: string; readonly holdout: Holdout };
}

/** What `evaluation.evaluate` hands on. */
export type EvaluateOutput = Evaluation & { readonly report: { readonly sha256: string; readonly size: number } };

const fewestSliceRows = 5;
const mostSlices = 20;

/** Judges a model on the rows held out of its training, beside the naive predictor, the linear baseline and the champion. */
export const evaluateStep: Step = {
  name: "evaluation.evaluate",
  purpose: "Judges the model on held-out rows: metrics with intervals, slices, baselines, and the champion on the same rows",
  version: 3,
  where: "worker",
  run: (context) => withPacked(context, (packed) => evaluate(context, packed)),
};

async function evaluate({ params, inputs, seed, blobs, report }: WorkerContext, packed: PackedModels): Promise<EvaluateOutput> {
  const options = params as unknown as EvaluateParams;
  const table = inputs["table"] as IngestOutput;
  const { target, task, features } = inputs["checked"] as ValidateOutput;
  // A model that was chosen among several says what it was chosen by.
  const trained = inputs["trained"] as TrainOutput & { readonly holdout?: Holdout };
  const missing = options.slices.filter((name) => !table.columns.some((column) => column.name === name));
  if (missing.length > 0) throw invalid("evaluation.unknown_slice", `evaluate.slices names ${missing.join(", ")}; the columns are ${table.columns.map((column) => column.name).join(", ")}`);
  const loaded = withLabels(await tableOf(table, blobs), target);
  const test = part(loaded, heldOutRows(loaded, target, task, trained.holdout ?? options.holdout, features.map(({ name }) => name)).test);
  if (test.rows === 0) throw invalid("evaluation.no_rows", "No row is held out, so there is nothing to judge the model by");
  report({ message: `scoring ${test.rows} held-out rows` });
  const truth = truthOf(test, target, trained.signature.task);
  const score = async (files: Pick<ModelFiles, "sha256" | "python">, signature: Signature, threads?: number): Promise<Scored> => scored(await scoreModel(files, signature, test, { blobs, packed }, threads), truth);
  const model = await score(trained.model, trained.signature);
  const loss = lossName(model.task);
  const sameSplit = options.champion?.split !== undefined && canonicalJson(options.champion.split) === canonicalJson({ dataset: table.version, holdout: options.holdout });
  const unseen = options.champion !== null && (sameSplit || unseenBy(options.champion.until, test, options.time));
  const champion = options.champion && unseen ? await score(options.champion, options.champion.signature) : null;
  report({ message: "resampling for intervals" });
  const judged = champion ? [model, champion] : [model];
  const draws = await drawMetrics(judged, seed);
  const evaluation: Evaluation = {
    rows: test.rows,
    target,
    task: model.task,
    metrics: intervalsOf(model, draws, 0),
    naive: metricsOf(scored(naivePrediction(trained, test.rows), truth)),
    baseline: trained.baseline && metricsOf(await score(trained.baseline, trained.baselineSignature ?? trained.signature, 1)),
    champion:
      options.champion && champion
        ? {
            version: options.champion.version,
            ...(options.champion.name !== undefined && { name: options.champion.name }),
            metrics: metricsOf(champion),
            loss: metricsOf(champion)[loss],
            difference: differenceOf(judged, draws, 1, loss),
          }
        : null,
    notCompared:
      options.champion && !unseen
        ? `${championText(options.champion)} was trained on rows that are held out here, so the two cannot be compared on them`
        : null,
    slices: options.slices.flatMap((column) => slicesOf(test, column, model, seed)),
    calibration: calibrationOf(model),
  };
  const html = evaluationReport(options.model, evaluation, trained);
  return { ...evaluation, report: await blobs.put(Buffer.from(html)) };
}

/** Whether no held-out row is older than the end of the champion's training; not known without a time column. */
function unseenBy(until: number | null, test: Table, time: string | null): boolean {
  const times = time === null ? undefined : test.columns.find((column) => column.name === time);
  return until !== null && times?.type === "number" && times.values.every((value) => value > until);
}

function naivePrediction({ naive, signature }: TrainOutput, rows: number): Prediction {
  if ("mean" in naive) return { task: "regression", values: new Float64Array(rows).fill(naive.mean) };
  const k = naive.shares.length;
  return {
    task: signature.task === "multiclass" ? "multiclass" : "binary",
    classes: signature.classes ?? [],
    probabilities: Float64Array.from({ length: rows * k }, (_, i) => naive.shares[i % k]),
  };
}

/** The metrics where a column has each of its values: categories and numbers of few values as they are, other numbers in quartiles. */
function slicesOf(table: Table, name: string, model: Scored, seed: number): Slice[] {
  const column = table.columns.find((one) => one.name === name)!;
  const label: (row: number) => string =
    column.type === "category" ? (row) => (column.codes[row] < 0 ? "(missing)" : column.dictionary[column.codes[row]]) : numberLabels(column.values);
  const rows = new Map<string, number[]>();
  for (let row = 0; row < table.rows; row++) {
    const members = rows.get(label(row));
    if (members) members.push(row);
    else rows.set(label(row), [row]);
  }
  return [...rows]
    .filter(([, members]) => members.length >= fewestSliceRows)
    .sort((a, b) => b[1].length - a[1].length)
    .slice(0, mostSlices)
    .sort((a, b) => a[0].localeCompare(b[0], "en", { numeric: true }))
    .map(([value, members]) => ({ column: name, value, rows: members.length, metrics: bootstrap(take(model, members), seed, 200) }));
}

function numberLabels(values: Float64Array): (row: number) => string {
  const distinct = new Set(values);
  if (distinct.size <= mostSlices) return (row) => (Number.isNaN(values[row]) ? "(missing)" : String(values[row]));
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const cuts = [0.25, 0.5, 0.75].map((share) => sorted[Math.floor(share * sorted.length)]);
  return (row) => {
    const value = values[row];
    if (Number.isNaN(value)) return "(missing)";
    const quartile = cuts.filter((cut) => value >= cut).length;
    return quartile === 0 ? `< ${cuts[0]}` : quartile === 3 ? `≥ ${cuts[2]}` : `${cuts[quartile - 1]} to ${cuts[quartile]}`;
  };
}

function take(model: Scored, rows: readonly number[]): Scored {
  if (model.task === "regression") return { ...model, truth: Float64Array.from(rows, (row) => model.truth[row]), predicted: Float64Array.from(rows, (row) => model.predicted[row]) };
  const k = model.classes.length;
  return {
    ...model,
    truth: Int32Array.from(rows, (row) => model.truth[row]),
    probabilities: Float64Array.from({ length: rows.length * k }, (_, i) => model.probabilities[rows[Math.floor(i / k)] * k + (i % k)]),
  };
}

