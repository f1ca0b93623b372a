import type { DatasetVersionSummary } from "../../data/data.ts";
import type { DriftReport, ErrorWindow } from "../../monitoring/types.ts";
import type { Tick } from "../../optimization/store.ts";
import type { Decision, Loop, Rollout } from "../../optimization/types.ts";
import type { PipelineRunSummary } from "../../pipelines/store.ts";
import type { ModelVersion } from "../../registry/types.ts";
import type { DeploymentStatus } from "../../serving/types.ts";
import type { PipelineRun } from "../../stage.ts";
import type { Run } from "../../tracking/types.ts";
import { api } from "../api.ts";

/** What the loop's picture is drawn from; absent parts have not happened yet. */
export interface LoopFacts {
  /** Of this machine's clock. */
  readonly now: number;
  readonly datasets: readonly DatasetVersionSummary[];
  readonly runs: readonly Run[];
  readonly pipelineRuns: readonly PipelineRunSummary[];
  /** The pipeline run under way, with its steps. */
  readonly running: PipelineRun | null;
  readonly versions: readonly ModelVersion[];
  readonly deployment: DeploymentStatus | null;
  readonly windows: readonly ErrorWindow[];
  readonly drift: DriftReport | null;
  readonly loop: Loop | null;
  readonly tick: Tick | null;
  readonly rollouts: readonly Rollout[];
  readonly decisions: readonly Decision[];
}

/** Asks all rooms about one model. What does not exist yet is empty; anything else that fails is an error. */
export async function readLoopFacts(model: string | null, signal: AbortSignal): Promise<LoopFacts> {
  const options = { signal };
  const named = { params: { endpoint: model ?? "" } };
  const { runs: pipelineRuns } = await api.pipelines("GET /runs", { query: { limit: 50, ...(model === null ? {} : { model }) } }, options);
  const underWay = pipelineRuns.find((run) => run.state === "running");
  const running = underWay ? await api.pipelines("GET /runs/:id", { params: { id: underWay.id } }, options) : null;
  const empty = { datasets: [], runs: [], versions: [], deployment: null, windows: [], drift: null, loop: null, tick: null, rollouts: [], decisions: [] };
  if (model === null) return { now: Date.now(), pipelineRuns, running, ...empty };
  const [data, tracking, registry, serving, loops] = await Promise.all([
    api.data("GET /versions", { query: { dataset: model, limit: 1000 } }, options),
    api.tracking("GET /runs", { query: { experiment: model, limit: 200 } }, options),
    api.registry("GET /models", options).then(({ models }) =>
      models.some((one) => one.name === model) ? api.registry("GET /models/:name/versions", { params: { name: model } }, options) : { versions: [] },
    ),
    api.serving("GET /deployments", options),
    api.optimization("GET /loops", options),
  ]);
  const known = { ...empty, now: Date.now(), pipelineRuns, running, datasets: data.versions, runs: tracking.runs, versions: registry.versions };
  const deployment = serving.deployments.find((one) => one.endpoint === model) ?? null;
  if (!loops.loops.some((one) => one.endpoint === model)) return { ...known, deployment };
  const [loop, decided, errors, drift] = await Promise.all([
    api.optimization("GET /loops/:endpoint", named, options),
    api.optimization("GET /loops/:endpoint/decisions", { ...named, query: {} }, options),
    api.monitoring("GET /monitors/:endpoint/errors", { ...named, query: { variant: "served" } }, options),
    api.monitoring("GET /monitors/:endpoint/drift", named, options),
  ]);
  return { ...known, ...loop, deployment, decisions: decided.decisions, windows: errors.windows, drift: drift.reports.at(-1) ?? null };
}
