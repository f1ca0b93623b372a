import { hashOf } from "../../canonical-json.ts";
import type { RunDetails } from "../../tracking/run-details.ts";
import type { LoggedModel } from "../../tracking/types.ts";
import type { SourceRun } from "./source.ts";

type KeyValues = readonly { readonly key: string; readonly value: string }[];

const sorted = (pairs: KeyValues): string[] => inOrder(pairs.map(({ key, value }) => [key, value]));
/** Each once: MLflow's file store writes a point of a model again and again. */
const inOrder = (rows: readonly (readonly unknown[])[]): string[] => [...new Set(rows.map((row) => JSON.stringify(row)))].toSorted();

/**
 * What a run is told by, here and at its source alike: all that a client set, and where each of its histories ends. Two that agree in it
 * have the same content for an import, which then need not read the histories.
 */
export const runDigest = (run: Omit<RunDetails, "metrics" | "artifactUri" | "experimentId">, latest: SourceRun["latest"]): string =>
  hashOf({
    facts: [run.id, run.name, run.status, run.startedAt, run.endedAt, run.lifecycle, run.userId],
    params: sorted(run.params),
    tags: sorted(run.tags),
    latest: inOrder(latest.map(({ key, step, time }) => [key, step, time])),
    datasets: inOrder(run.datasets.map(({ dataset, tags }) => [dataset.name, dataset.digest, tags])),
    models: [inOrder(run.inputModels.map(({ modelId }) => [modelId])), inOrder(run.outputModels.map(({ modelId, step }) => [modelId, step]))],
  });

/** The same of a logged model. */
export const loggedModelDigest = (model: Omit<LoggedModel, "artifactUri" | "experimentId">): string =>
  hashOf({
    facts: [model.id, model.name, model.type, model.status, model.sourceRunId, model.createdAt, model.updatedAt, model.lifecycle],
    params: sorted(model.params),
    tags: sorted(model.tags),
    metrics: inOrder(model.metrics.map(({ key, step, time, runId, datasetName, datasetDigest }) => [key, step, time, runId, datasetName, datasetDigest])),
  });
