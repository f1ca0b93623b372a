import type { PipelineRun, PipelineStep, StepRun } from "../../stage.ts";
import { formatSpan } from "../../ui/format.ts";
import type { GraphEdge, GraphNode } from "../../ui/graph/graph-types.ts";
import { stateLooks } from "./pipeline-state.tsx";

/** A pipeline run as a graph: a node per step with its state and duration, an edge per need. */
export function pipelineGraph(run: PipelineRun): { readonly nodes: GraphNode[]; readonly edges: GraphEdge[] } {
  return {
    nodes: run.steps.map((step) => ({ id: step.id, title: step.id, subtitle: stepText(step), tone: stateLooks[step.state].tone, icon: step.cacheHit ? "cache" : stateLooks[step.state].icon })),
    edges: needsOf(run).filter(({ from, to }) => !reachedOtherwise(run, from, to)),
  };
}

/** How a step went in a few words. */
export function stepText(step: StepRun): string {
  if (step.state === "running") return step.progress?.message ?? "running";
  if (step.cacheHit) return "cache hit";
  return step.startedAt !== null && step.finishedAt !== null ? `${step.state}, ${formatSpan(step.finishedAt - step.startedAt)}` : step.state;
}

/** What must be done before a step, whether or not it takes its output. */
const prerequisites = (step: PipelineStep): string[] => [...new Set([...Object.values(step.needs), ...(step.after ?? [])])];

const needsOf = (run: PipelineRun): GraphEdge[] =>
  run.spec.steps.flatMap((step) => prerequisites(step).map((from) => ({ from, to: step.id })));

/** Whether `to` also needs something that itself needs `from`: the direct edge then says nothing about the order, and is not drawn. */
function reachedOtherwise(run: PipelineRun, from: string, to: string): boolean {
  const needs = new Map(run.spec.steps.map((step) => [step.id, prerequisites(step)]));
  const reaches = (start: string): boolean => start === from || (needs.get(start) ?? []).some(reaches);
  return (needs.get(to) ?? []).some((other) => other !== from && reaches(other));
}
