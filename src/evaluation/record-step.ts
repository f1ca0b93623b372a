import type { IngestOutput } from "../data/ingest-step.ts";
import type { Step } from "../stage.ts";
import { completeRun } from "../tracking/open-run.ts";
import { recordRun, type RunRecord } from "../tracking/tracking.ts";
import type { MetricPoint } from "../tracking/types.ts";
import { environmentText, frozenList, trainedInOf } from "../training/environments/environment-texts.ts";
import { filesOf } from "../training/model-files.ts";
import type { TrainOutput } from "../training/train-step.ts";
import type { EvaluateOutput } from "./evaluate-step.ts";

/** Writes what was trained and how it was judged as a run in the ledger, whether or not the gate lets it pass afterwards. */
export const recordStep: Step = {
  name: "evaluation.record",
  purpose: "Writes the training and its evaluation as a run: parameters, metrics, loss curve, artifacts, lineage",
  where: "server",
  run: async ({ params, inputs, house, runId }) => {
    const table = inputs["table"] as IngestOutput;
    const trained = inputs["trained"] as TrainOutput;
    const evaluation = inputs["evaluation"] as EvaluateOutput;
    const now = house.clock.now();
    const trainedIn = trainedInOf(trained.recipe);
    const points: MetricPoint[] = [
      ...trained.losses.map((value, step) => ({ key: "training_loss", value, step, time: now })),
      ...Object.entries(evaluation.metrics).flatMap(([key, { value, low, high }]) => [
        { key, value, step: 0, time: now },
        { key: `${key}_low`, value: low, step: 0, time: now },
        { key: `${key}_high`, value: high, step: 0, time: now },
      ]),
      ...Object.entries(evaluation.naive).map(([key, value]) => ({ key: `naive_${key}`, value, step: 0, time: now })),
      ...Object.entries(evaluation.baseline ?? {}).map(([key, value]) => ({ key: `linear_${key}`, value, step: 0, time: now })),
      ...Object.entries(evaluation.champion?.metrics ?? {}).map(([key, value]) => ({ key: `champion_${key}`, value, step: 0, time: now })),
      { key: "training_seconds", value: trained.seconds, step: 0, time: now },
      { key: "training_rows", value: trained.rows, step: 0, time: now },
    ].filter((point) => Number.isFinite(point.value));
    const record: RunRecord = {
      id: runId,
      experiment: String(params["model"]),
      name: runId,
      status: "finished",
      startedAt: now - Math.round(trained.seconds * 1000),
      endedAt: now,
      params: Object.fromEntries([["algorithm", trained.algorithm], ...Object.entries(trained.params).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)])]),
      tags: { trigger: String(params["trigger"]), dataset_version: table.version, ...(trainedIn && { python: environmentText(trained.recipe), python_environment: trainedIn.digest }) },
      metrics: points,
      artifacts: [
        ...filesOf(trained.model).map(({ path, ...file }) => ({ path: trained.model.python ? `evaluated/${path}` : path, ...file })),
        ...(trained.baseline ? [{ path: "baseline.onnx", ...trained.baseline }] : []),
        ...(trained.log ? [{ path: "logs/train.log", ...trained.log }] : []),
        ...(trainedIn ? [{ path: "python/requirements.txt", ...(await house.blobs.put(Buffer.from(frozenList(trainedIn)))) }] : []),
        { path: "evaluation.html", ...evaluation.report },
      ],
      lineage: [
        { from: { kind: "dataset_version", id: table.version }, to: { kind: "run", id: runId }, role: "trained_on" },
        { from: { kind: "pipeline_run", id: runId }, to: { kind: "run", id: runId }, role: "produced" },
      ],
    };
    // A command that trained has logged to the run meanwhile.
    await (inputs["begun"] === undefined ? recordRun : completeRun)(house.db, record);
    return { run: runId };
  },
};
