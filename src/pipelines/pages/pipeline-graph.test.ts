import { expect, test } from "vitest";
import type { PipelineRun, StepRun } from "../../stage.ts";
import { pipelineGraph, stepText } from "./pipeline-graph.ts";

const step = (id: string, change: Partial<StepRun> = {}): StepRun => ({
  id,
  step: `room.${id}`,
  state: "succeeded",
  cacheHit: false,
  startedAt: 0,
  finishedAt: 1500,
  progress: null,
  output: null,
  error: null,
  ...change,
});

const spec = (id: string, needs: Record<string, string>) => ({ id, step: `room.${id}`, params: {}, needs });

test("needs that follow from others are not drawn", () => {
  const run: PipelineRun = {
    id: "r",
    name: "train",
    model: "m",
    trigger: "manual",
    actor: "local",
    state: "succeeded",
    reason: null,
    createdAt: 0,
    finishedAt: 1,
    steps: ["ingest", "validate", "train", "evaluate"].map((id) => step(id)),
    spec: {
      name: "train",
      model: "m",
      trigger: "manual",
      actor: "local",
      seed: 0,
      steps: [
        spec("ingest", {}),
        spec("validate", { table: "ingest" }),
        spec("train", { table: "ingest", checked: "validate" }),
        spec("evaluate", { table: "ingest", checked: "validate", trained: "train" }),
      ],
    },
  };
  expect(pipelineGraph(run).edges.map(({ from, to }) => `${from} ${to}`)).toEqual(["ingest validate", "validate train", "train evaluate"]);
});

test.each([
  [step("a"), "succeeded, 1.5 s"],
  [step("a", { cacheHit: true }), "cache hit"],
  [step("a", { state: "running", progress: { message: "round 4 of 100" } }), "round 4 of 100"],
  [step("a", { state: "running" }), "running"],
  [step("a", { state: "skipped", startedAt: null, finishedAt: null }), "skipped"],
])("how a step went", (one, text) => {
  expect(stepText(one).replaceAll("\u00a0", " ")).toBe(text);
});
