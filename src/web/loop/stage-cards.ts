import { lossOf } from "../../monitoring/error-sums.ts";
import { aggregateErrors } from "../../monitoring/pages/aggregate-errors.ts";
import { decisionNames } from "../../optimization/pages/decision-kinds.ts";
import { count, formatAgo, formatDay, formatMilliseconds, formatNumber, formatPercent, formatSpan, metricName } from "../../ui/format.ts";
import type { LoopFacts } from "./loop-facts.ts";

export type StageName = "tracking" | "data" | "training" | "evaluation" | "registry" | "serving" | "monitoring" | "optimization";

export interface StageCard {
  readonly stage: StageName;
  readonly title: string;
  readonly to: string;
  readonly state: "idle" | "working" | "attention" | "empty";
  /** What the stage last did, in a few words. */
  readonly headline: string;
  readonly detail: string;
}

type CardBody = Pick<StageCard, "headline" | "detail"> & { readonly to?: string; readonly attention?: boolean };

const week = 7 * 86_400_000;
const titles: readonly (readonly [StageName, string, string])[] = [
  ["tracking", "Runs", "/runs"],
  ["data", "Data", "/data"],
  ["training", "Training", "/runs"],
  ["evaluation", "Evaluation", "/evaluations"],
  ["registry", "Models", "/models"],
  ["serving", "Deployment", "/deployments"],
  ["monitoring", "Monitoring", "/monitoring"],
  ["optimization", "Optimization", "/optimization"],
];

/** What each stage of the loop last did and whether it works now, in the order of a model's life. */
export function stageCards(facts: LoopFacts): StageCard[] {
  const at = workingStage(facts);
  return titles.map(([stage, title, to]) => {
    const body = bodies[stage](facts);
    const state = at?.stage === stage ? "working" : body === undefined ? "empty" : body.attention ? "attention" : "idle";
    const detail = at?.stage === stage ? at.message : (body?.detail ?? "");
    return { stage, title, to: body?.to ?? to, state, headline: body?.headline ?? "Nothing yet", detail };
  });
}

/** Where the pipeline run under way stands: the stage of its running step, and what that says of itself. */
export function workingStage({ running }: LoopFacts): { readonly stage: StageName; readonly message: string } | null {
  const step = running?.steps.find((one) => one.state === "running");
  if (!step) return null;
  const room = step.step === "optimization.deploy" ? "serving" : step.step.split(".")[0];
  const stage = titles.find(([name]) => name === room)?.[0];
  return stage ? { stage, message: step.progress?.message ?? step.step } : null;
}

const bodies: Readonly<Record<StageName, (facts: LoopFacts) => CardBody | undefined>> = {
  tracking: ({ runs, now }) => runs.at(0) && { headline: count(runs.length, "run"), detail: `last one ${formatAgo(runs[0].startedAt, now)}` },
  data: ({ datasets, now }) =>
    datasets.at(0) && {
      headline: `${formatNumber(datasets[0].rows)} rows`,
      detail: `${count(datasets.length, "version")}, last one ${formatAgo(datasets[0].createdAt, now)}`,
    },
  training: ({ runs }) =>
    runs.at(0) && {
      to: `/runs/${encodeURIComponent(runs[0].id)}`,
      headline: (runs[0].params["algorithm"] ?? runs[0].name).replaceAll("-", " "),
      detail: `${formatNumber(runs[0].metrics["training_rows"])} rows in ${formatSpan((runs[0].metrics["training_seconds"] ?? 0) * 1000)}`,
    },
  evaluation: (facts) => evaluation(facts),
  registry: ({ versions, now }) => {
    const champion = versions.find((version) => version.aliases.includes("champion"));
    return versions[0] ? { headline: champion ? `v${champion.version} is champion` : "no champion", detail: `${count(versions.length, "version")}, last one ${formatAgo(versions[0].createdAt, now)}` } : undefined;
  },
  serving: ({ deployment }) => {
    if (!deployment) return undefined;
    const sum = (of: "requests" | "errors"): number => deployment.variants.reduce((total, variant) => total + variant[of], 0);
    const p99 = deployment.variants[0]?.latency?.p99;
    return {
      headline: deployment.variants.map((variant) => `v${variant.version} ${formatPercent(variant.weight)}`).join(", "),
      detail: deployment.ready ? `${count(sum("requests"), "request")}, ${count(sum("errors"), "error")}${p99 === undefined ? "" : `, p99 ${formatMilliseconds(p99)}`}` : "the gateway does not answer",
      attention: !deployment.ready || sum("errors") > 0,
    };
  },
  monitoring: ({ windows, drift, loop }) => {
    if (!loop) return undefined;
    const loss = lossOf(loop.task);
    const span = aggregateErrors(loop.task, windows, week, loop.startedAt).at(-1);
    const drifted = drift?.features.filter((feature) => feature.drifted).length ?? 0;
    return {
      headline: span ? `live ${metricName(loss)} ${formatNumber(span.metrics[loss])}` : "no labels yet",
      detail: drift ? `drift in ${drifted} of ${count(drift.features.length, "feature")}` : "drift not judged yet",
      attention: drift?.alarm ?? false,
    };
  },
  optimization: ({ decisions, rollouts, loop }) => {
    if (!loop) return undefined;
    const canary = rollouts[0]?.state === "canary" ? rollouts[0] : undefined;
    const last = decisions.at(-1);
    if (canary) return { headline: `canary of v${canary.challengerVersion}`, detail: `against v${canary.championVersion} since ${formatDay(canary.startedAt)}` };
    return last ? { headline: decisionNames[last.kind], detail: `on ${formatDay(last.time)}`, attention: last.kind === "retraining_failed" } : { headline: "watching", detail: "nothing to decide yet" };
  },
};

function evaluation({ runs, pipelineRuns, loop }: LoopFacts): CardBody | undefined {
  const run = runs.at(0);
  if (!run) return undefined;
  const last = pipelineRuns.find((one) => one.id === run.id);
  const loss = loop ? lossOf(loop.task) : "rmse" in run.metrics ? "rmse" : "log_loss";
  const champion = run.metrics[`champion_${loss}`];
  return {
    to: `/evaluations/${encodeURIComponent(run.id)}`,
    headline: `${metricName(loss)} ${formatNumber(run.metrics[loss])}`,
    detail: last?.state === "stopped" ? "the gate refused it" : champion === undefined ? `naive ${formatNumber(run.metrics[`naive_${loss}`])}` : `champion ${formatNumber(champion)} on the same rows`,
    attention: last?.state === "failed",
  };
}
