import { formatDay, formatPercent, triggerText } from "../../ui/format.ts";
import type { LoopFacts } from "./loop-facts.ts";
import { workingStage } from "./stage-cards.ts";

/** What goes on and what is wrong, each in a sentence. */
export function situation(facts: LoopFacts): { readonly going: string; readonly wrong: readonly string[] } {
  return { going: going(facts), wrong: wrong(facts) };
}

function going(facts: LoopFacts): string {
  const { running, rollouts, loop } = facts;
  if (running) {
    const step = workingStage(facts);
    return `Pipeline ${running.name} is running${step ? `: ${step.message}` : ""}. Why: ${triggerText(running.trigger)}.`;
  }
  const canary = rollouts[0]?.state === "canary" ? rollouts[0] : undefined;
  if (canary) return `Version ${canary.challengerVersion} answers ${formatPercent(shareOf(facts, canary.challengerVersion))} of the requests as a canary against version ${canary.championVersion}.`;
  return loop ? "Nothing is running; the model is served and watched." : "Nothing is running.";
}

const shareOf = ({ deployment }: LoopFacts, version: number): number => deployment?.variants.find((variant) => variant.version === version)?.weight ?? 0;

function wrong({ pipelineRuns, deployment, drift, loop }: LoopFacts): string[] {
  const last = pipelineRuns.at(0);
  const errors = deployment?.variants.reduce((sum, variant) => sum + variant.errors, 0) ?? 0;
  return [
    ...(last?.state === "failed" ? [`The last pipeline run (${last.name}) failed: ${last.reason ?? "no reason was given"}`] : []),
    ...(last?.state === "stopped" && !deployment ? [`No version serves yet; the last pipeline run ended before: ${last.reason ?? "no reason was given"}`] : []),
    ...(deployment && !deployment.ready ? ["The gateway does not answer for this model; see Deployments."] : []),
    ...(errors > 0 ? [`${errors} requests were answered with an error since the deployment last changed.`] : []),
    ...(drift?.alarm
      ? [
          `${drifts(drift)} in the window to ${formatDay(drift.end)}, measured against the data version ${drift.version} learnt from.` +
            (loop?.project.retrain.on.includes("drift") === false ? " This project does not retrain on drift alone; live error decides." : ""),
        ]
      : []),
  ];
}

function drifts({ features, prediction }: NonNullable<LoopFacts["drift"]>): string {
  const gaps = features.filter((feature) => feature.gaps).map((feature) => feature.feature);
  return [
    `${features.filter((feature) => feature.drifted).length} of ${features.length} features${prediction?.drifted ? " and the predictions" : ""} drifted`,
    ...(gaps.length > 0 ? [`far more than in training is missing or unseen of ${gaps.join(", ")}`] : []),
  ].join(" and ");
}
