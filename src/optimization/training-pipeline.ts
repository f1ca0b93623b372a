import type { Schema } from "../data/validation/schema.ts";
import type { TimeRange } from "../data/types.ts";
import type { Project } from "../project/project.ts";
import type { TrainedVersion } from "../registry/types.ts";
import type { JsonObject, PipelineSpec, PipelineStep } from "../stage.ts";
import type { Holdout } from "../training/holdout.ts";
import type { Loop } from "./types.ts";

/** Anything that is plain JSON, as the pipeline's type for it. */
const json = (value: object): JsonObject => value as JsonObject;

/**
 * The well-worn path of a project, walked once: from the source table to a model that serves. With a champion there already, the new
 * model is judged against it on the same held-out rows and replaces it only if it is no worse.
 */
export function firstRunPipeline(project: Project, champion: TrainedVersion | undefined): PipelineSpec {
  const { data } = project;
  const filter: TimeRange | null =
    data.time && (data.from ?? data.until) !== null
      ? { time: data.time.column, ...(data.from === null ? {} : { from: data.from }), ...(data.until === null ? {} : { until: data.until }) }
      : null;
  const holdout: Holdout =
    data.split.by === "time" && data.time
      ? { by: "time", column: data.time.column, test: data.split.test }
      : { by: "random", test: data.split.test, stratify: data.task !== "regression", seed: project.train.seed, ...(data.split.group !== undefined && { group: data.split.group }) };
  return {
    name: "train",
    model: project.model,
    trigger: "manual",
    actor: "local",
    seed: project.train.seed,
    steps: [
      { id: "ingest", step: "data.ingest", params: json({ source: data.source, filter, target: data.target, reading: data.reading ?? {} }), needs: {} },
      validation(project, null, null),
      ...trainToRegister(project, { table: "ingest", holdout, champion, trigger: "manual", time: data.time?.column ?? null }),
      { id: "deploy", step: "optimization.deploy", params: json({ project }), needs: { table: "ingest", checked: "validate", registered: "register", reference: "reference" } },
    ],
  };
}

/** A retraining on the base data and all labels that have arrived, judged against the champion, up to the start of a canary. */
export function retrainingPipeline(loop: Loop, champion: TrainedVersion, why: { time: number; trigger: string; schema: Schema }): PipelineSpec {
  const { project } = loop;
  // A time that is no point in time to the log (an epoch number) cannot be carried on; then rows are held out at random.
  const timeColumn = loop.timeStored === null ? null : (project.data.time?.column ?? null);
  const columns = [...new Set([...(timeColumn === null ? [] : [timeColumn]), ...loop.features.map((feature) => feature.name), project.data.target])];
  const feedback = {
    endpoint: loop.endpoint,
    features: loop.features,
    target: project.data.target,
    regression: loop.task === "regression",
    classes: loop.classes,
    time: timeColumn === null ? null : { column: timeColumn, stored: loop.timeStored },
    knownAt: why.time,
  };
  const holdout: Holdout =
    timeColumn === null
      ? { by: "random", test: project.data.split.test, stratify: loop.task !== "regression", seed: project.train.seed }
      : { by: "recent_days", column: timeColumn, since: (champion.training.until ?? 0) + 1, days: Math.round(project.retrain.holdout / 86_400_000) };
  return {
    name: "retrain",
    model: loop.endpoint,
    trigger: why.trigger,
    actor: "loop",
    seed: project.train.seed,
    steps: [
      { id: "feedback", step: "monitoring.feedback", params: json(feedback), needs: {} },
      { id: "append", step: "data.append", params: json({ base: loop.baseFile, parent: loop.baseDataset, columns, readings: loop.readings ?? {} }), needs: { feedback: "feedback" } },
      validation(project, why.schema, loop, "append"),
      ...trainToRegister(project, { table: "append", holdout, champion, trigger: why.trigger, time: timeColumn }),
      {
        id: "canary",
        step: "optimization.canary",
        params: json({ endpoint: loop.endpoint, champion: champion.version, time: why.time }),
        needs: { registered: "register", reference: "reference" },
      },
    ],
  };
}

/** A loop keeps its task and its features: what production sends does not change what is predicted. */
function validation(project: Project, schema: Schema | null, loop: Loop | null, table = "ingest"): PipelineStep {
  const { data, validate } = project;
  const retraining = schema !== null;
  return {
    id: "validate",
    step: "data.validate",
    params: json({
      target: data.target,
      task: loop?.task ?? data.task,
      time: data.time?.column ?? null,
      exclude: retraining ? [] : data.exclude,
      keep: retraining ? [] : (data.keep ?? []),
      group: retraining ? null : (data.split.group ?? null),
      leakage: validate.leakage,
      // What production sends is learnt from even where it is new; the anomalies are on the dataset's page.
      onAnomaly: retraining ? "warn" : validate.onAnomaly,
      schema,
      features: loop?.features ?? null,
    }),
    needs: { table },
  };
}

/** The common middle: record the data, train, judge, gate, train on everything, register. */
function trainToRegister(
  project: Project,
  run: { table: string; holdout: Holdout; champion: TrainedVersion | undefined; trigger: string; time: string | null },
): PipelineStep[] {
  const { table, holdout, champion, trigger, time } = run;
  const { algorithm, params, refit } = project.train;
  const model = project.model;
  const needs = { table, checked: "validate" };
  const served = refit ? "refit" : "train";
  const compared = champion ? { version: champion.version, sha256: champion.artifact.sha256, signature: champion.signature, until: champion.training.until } : null;
  return [
    { id: "dataset", step: "data.register", params: json({ dataset: model }), needs },
    { id: "train", step: "training.train", params: json({ algorithm, params, holdout, time, baseline: true }), needs },
    {
      id: "evaluate",
      step: "evaluation.evaluate",
      params: json({ model, holdout, time, slices: project.evaluate.slices, champion: compared }),
      needs: { ...needs, trained: "train" },
    },
    { id: "record", step: "evaluation.record", params: json({ model, trigger }), needs: { table, trained: "train", evaluation: "evaluate" } },
    { id: "gate", step: "evaluation.gate", params: json({ rules: project.evaluate.gate }), needs: { evaluation: "evaluate" }, after: ["record"] },
    ...(refit
      ? [
          {
            id: "refit",
            step: "training.train",
            params: json({ algorithm, params, holdout: { by: "none" }, time, baseline: false }),
            needs,
            after: ["gate"],
          },
        ]
      : []),
    { id: "reference", step: "monitoring.reference", params: {}, needs: { ...needs, trained: served } },
    {
      id: "register",
      step: "registry.register",
      params: json({ model, trigger, code: project.code }),
      needs: { table, trained: served, evaluation: "evaluate", gate: "gate" },
      after: ["dataset"],
    },
  ];
}

/** How many periods one backtest step computes: what a crash can cost. */
const chunk = 12;

/** The two policies the loop is compared with, in chunks one after another, so that they take one worker and resume where they were. */
export function backtestPipeline(loop: Loop, source: string, periods: number, period: number): PipelineSpec {
  const { project } = loop;
  const chunks = Array.from({ length: Math.ceil(periods / chunk) }, (_, i) => ({ from: i * chunk, until: Math.min(periods, (i + 1) * chunk) }));
  return {
    name: "backtest",
    model: loop.endpoint,
    trigger: "replay",
    actor: "local",
    seed: project.train.seed,
    steps: [
      { id: "ingest", step: "data.ingest", params: json({ source, filter: null, target: project.data.target, reading: project.data.reading ?? {} }), needs: {} },
      ...chunks.map(({ from, until }, i) => ({
        id: `periods-${from}-${until}`,
        step: "optimization.backtest",
        params: json({
          target: project.data.target,
          features: loop.features.map((feature) => feature.name),
          time: project.data.time,
          algorithm: project.train.algorithm,
          params: project.train.params,
          start: loop.startedAt,
          period,
          from,
          until,
          labelDelay: project.monitor.labelDelay,
        }),
        needs: { table: "ingest" },
        after: i === 0 ? [] : [`periods-${chunks[i - 1].from}-${chunks[i - 1].until}`],
      })),
    ],
  };
}
