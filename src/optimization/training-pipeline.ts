import type { Schema } from "../data/validation/schema.ts";
import type { TimeRange } from "../data/types.ts";
import type { Compared } from "../evaluation/evaluate-step.ts";
import type { Project, ProjectCommand } from "../project/project.ts";
import type { TrainedVersion } from "../registry/types.ts";
import type { PipelineSpec, PipelineStep } from "../stage.ts";
import type { Holdout } from "../training/holdout.ts";
import { json, knownVersion } from "./known-version.ts";
import type { Loop } from "./types.ts";

/** Why a project's path is walked, by whom, and how far: to the gate's verdict, to a version, or to the traffic. */
export interface Why {
  readonly trigger: string;
  readonly actor: string;
  readonly until: "gate" | "register" | "deploy";
  /** Whom the model is compared with in the place of the champion. */
  readonly base?: Compared;
}

/**
 * The well-worn path of a project, walked once: from the source table to a model that serves. With a champion there already, the new
 * model is judged against it on the same held-out rows and replaces it only if it is no worse.
 */
export function firstRunPipeline(project: Project, champion: TrainedVersion | undefined, why: Why = { trigger: "manual", actor: "local", until: "deploy" }): PipelineSpec {
  const { data } = project;
  const { trigger, actor, until } = why;
  const filter: TimeRange | null =
    data.time && (data.from ?? data.until) !== null
      ? { time: data.time.column, ...(data.from === null ? {} : { from: data.from }), ...(data.until === null ? {} : { until: data.until }) }
      : null;
  const holdout: Holdout =
    data.split.by === "time" && data.time
      ? { by: "time", column: data.time.column, test: data.split.test }
      : { by: "random", test: data.split.test, stratify: data.task !== "regression", seed: project.train.seed, ...(data.split.group !== undefined && { group: data.split.group }) };
  const steps: PipelineStep[] = [
    { id: "ingest", step: "data.ingest", params: json({ source: data.source, filter, target: data.target, reading: data.reading ?? {} }), needs: {} },
    validation(project, null, null),
    ...(project.train.command ? [recipe(project, project.train.command)] : []),
    ...trainToRegister(project, { table: "ingest", holdout, champion, ...(why.base && { base: why.base }), trigger, time: data.time?.column ?? null, chosen: false }),
    { id: "deploy", step: "optimization.deploy", params: json({ project }), needs: { table: "ingest", checked: "validate", registered: "register", reference: "reference" } },
  ];
  const last = steps.findIndex(({ id }) => id === until);
  return { name: "train", model: project.model, trigger, actor, seed: project.train.seed, steps: steps.slice(0, last + 1) };
}

/** Whom a retraining challenges: the champion and the oldest row it was trained on (ms; null: all), versions that may come back, and since when an alarm says that things changed. */
export interface Challenged {
  readonly champion: TrainedVersion;
  readonly from: number | null;
  readonly archived: readonly TrainedVersion[];
  readonly changedAt: number | null;
  /** When the change began that the champion, an earlier version, came back for. */
  readonly cameBackFor: number | null;
}

/** Where the project has no column that says when a row happened, rows from production get one: when they were asked for. */
function timeOfRows({ project, timeStored, features }: Loop): { readonly column: string; readonly stored: "DATE" | "TIMESTAMP"; readonly added: boolean } {
  if (timeStored !== null && project.data.time) return { column: project.data.time.column, stored: timeStored, added: false };
  const taken = new Set([...features.map(({ name }) => name), project.data.target]);
  return { column: taken.has("event_time") ? "millrace_event_time" : "event_time", stored: "TIMESTAMP", added: true };
}

/** A retraining on the base data and all labels that have arrived, compared with the champion and earlier versions, up to the start of a canary. */
export function retrainingPipeline(loop: Loop, { champion, from, archived, changedAt, cameBackFor }: Challenged, why: { time: number; trigger: string; schema: Schema }): PipelineSpec {
  const { project } = loop;
  const time = timeOfRows(loop);
  const columns = [...new Set([time.column, ...loop.features.map((feature) => feature.name), project.data.target])];
  const feedback = {
    endpoint: loop.endpoint,
    features: loop.features,
    target: project.data.target,
    regression: loop.task === "regression",
    classes: loop.classes,
    time: { column: time.column, stored: time.stored },
    knownAt: why.time,
  };
  const { algorithm, params, command } = project.train;
  // The rows of a table without a time of its own are older than any request.
  const seenUntil = champion.training.until ?? Number.MIN_SAFE_INTEGER;
  return {
    name: "retrain",
    model: loop.endpoint,
    trigger: why.trigger,
    actor: "loop",
    seed: project.train.seed,
    steps: [
      { id: "feedback", step: "monitoring.feedback", params: json(feedback), needs: {} },
      { id: "append", step: "data.append", params: json({ base: loop.baseFile, parent: loop.baseDataset, columns, readings: loop.readings ?? {}, ...(time.added && { added: time.column }) }), needs: { feedback: "feedback" } },
      validation(project, why.schema, loop, "append"),
      registerData(project, "append"),
      ...(command ? [begin(project)] : []),
      {
        id: "train",
        step: "optimization.choose",
        params: json({ algorithm, params, ...(command && { recipe: champion.recipe ?? null }), time: time.column, window: project.monitor.window, champion: { ...knownVersion(champion), seenUntil, from }, archived: archived.map((version) => ({ ...knownVersion(version), seenUntil: version.training.until ?? Number.MIN_SAFE_INTEGER })), changedAt, cameBackFor, labelDelay: project.monitor.labelDelay, maxAge: project.retrain.holdout }),
        needs: { table: "append", checked: "validate", ...(command && { begun: "begin" }) },
      },
      ...judgeToRegister(project, { table: "append", holdout: { by: "none" }, champion: { ...champion, training: { ...champion.training, until: seenUntil } }, trigger: why.trigger, time: time.column, chosen: true }),
      {
        id: "canary",
        step: "optimization.canary",
        params: json({ endpoint: loop.endpoint, champion: champion.version, time: why.time }),
        needs: { registered: "register", reference: "reference", chosen: "train" },
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

/** What a model is trained for and judged by. */
interface Middle {
  readonly table: string;
  readonly holdout: Holdout;
  readonly champion: TrainedVersion | undefined;
  readonly base?: Compared;
  readonly trigger: string;
  readonly time: string | null;
  /** It was chosen among candidates, which says what is held out and which rows it is trained on. */
  readonly chosen: boolean;
}

/** A training, and what follows it. */
function trainToRegister(project: Project, run: Middle): PipelineStep[] {
  const { algorithm, params, command } = project.train;
  const { table, holdout, time } = run;
  return [
    registerData(project, table),
    ...(command ? [begin(project)] : []),
    { id: "train", step: "training.train", params: json({ algorithm, params, holdout, time, baseline: true }), needs: { table, checked: "validate", ...(command && { recipe: "recipe", begun: "begin" }) } },
    ...judgeToRegister(project, run),
  ];
}

const recipe = ({ data }: Project, command: ProjectCommand): PipelineStep => ({ id: "recipe", step: "training.recipe", params: json({ command, leftOut: [data.source] }), needs: {} });

/** A command logs to the pipeline's run, which must be there then. */
const begin = ({ model }: Project): PipelineStep => ({ id: "begin", step: "training.begin", params: { model }, needs: {}, after: ["validate"] });

const registerData = ({ model }: Project, table: string): PipelineStep => ({ id: "dataset", step: "data.register", params: json({ dataset: model }), needs: { table, checked: "validate" } });

/** The common middle: judge what was trained, gate, train on everything, register. */
function judgeToRegister(project: Project, { table, holdout, champion, base, trigger, time, chosen }: Middle): PipelineStep[] {
  const { algorithm, params, refit, command } = project.train;
  const begun = command && { begun: "begin" };
  const model = project.model;
  const needs = { table, checked: "validate" };
  const served = refit ? "refit" : "train";
  const compared: Compared | null = base ?? (champion ? { ...knownVersion(champion), until: champion.training.until } : null);
  return [
    {
      id: "evaluate",
      step: "evaluation.evaluate",
      params: json({ model, holdout, time, slices: project.evaluate.slices, champion: compared }),
      needs: { ...needs, trained: "train" },
    },
    { id: "record", step: "evaluation.record", params: json({ model, trigger }), needs: { table, trained: "train", evaluation: "evaluate", ...begun } },
    { id: "gate", step: "evaluation.gate", params: json({ rules: project.evaluate.gate, challenger: chosen }), needs: { evaluation: "evaluate" }, after: ["record"] },
    ...(refit
      ? [
          {
            id: "refit",
            step: "training.train",
            params: json({ algorithm, params, ...(command && chosen && { recipe: champion?.recipe ?? null }), holdout: { by: "none" }, time, baseline: false }),
            needs: { ...needs, ...(chosen && { chosen: "train" }), ...(command && !chosen && { recipe: "recipe" }), ...begun },
            after: ["gate"],
          },
        ]
      : []),
    { id: "reference", step: "monitoring.reference", params: json({ time: time === null ? null : { column: time, hour: project.data.time?.column === time ? project.data.time.hour : null }, window: project.monitor.drift.window }), needs: { ...needs, trained: served } },
    {
      id: "register",
      step: "registry.register",
      params: json({ model, trigger, code: project.code }),
      needs: { table, trained: served, evaluation: "evaluate", gate: "gate" },
      after: ["dataset"],
    },
  ];
}
