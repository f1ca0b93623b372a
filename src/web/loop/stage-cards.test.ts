import { expect, test } from "vitest";
import type { PipelineRun } from "../../stage.ts";
import type { LoopFacts } from "./loop-facts.ts";
import { situation } from "./situation.ts";
import { stageCards } from "./stage-cards.ts";

const now = Date.UTC(2026, 10, 20);
const empty: LoopFacts = { now, datasets: [], runs: [], pipelineRuns: [], running: null, versions: [], deployment: null, windows: [], drift: null, loop: null, tick: null, rollouts: [], decisions: [] };

const served: LoopFacts = {
  ...empty,
  datasets: [{ id: "d", dataset: "m", createdAt: now - 7_200_000, rows: 3120 }],
  deployment: {
    endpoint: "m",
    salt: "s",
    traffic: {},
    settings: {},
    refusal: null,
    inForce: null,
    updatedAt: now,
    reason: "because",
    url: "http://gateway",
    ready: true,
    variants: [
      { name: "champion", version: 14, weight: 0.9, shadow: true, requests: 900, errors: 0, rows: null, remarks: [], latency: { p50: 0.3, p99: 2.2984 } },
      { name: "challenger", version: 15, weight: 0.1, shadow: true, requests: 100, errors: 0, rows: null, remarks: [], latency: null },
    ],
  },
};

const plain = (text: string): string => text.replaceAll("\u00a0", " ");
const card = (facts: LoopFacts, stage: string) => stageCards(facts).find((one) => one.stage === stage)!;

test("eight stages in order of life, all empty at first", () => {
  const cards = stageCards(empty);
  expect(cards.map((one) => one.stage)).toEqual(["tracking", "data", "training", "evaluation", "registry", "serving", "monitoring", "optimization"]);
  expect(new Set(cards.map((one) => one.state))).toEqual(new Set(["empty"]));
});

test("a card says what its stage last did", () => {
  expect(card(served, "data")).toMatchObject({ state: "idle", headline: "3,120 rows", detail: "1 version, last one 2\u00a0h ago" });
  expect(plain(card(served, "serving").headline)).toBe("v14 90 %, v15 10 %");
  expect(plain(card(served, "serving").detail)).toBe("1,000 requests, 0 errors, p99 2.3 ms");
});

test("errors and a silent gateway call for attention, and are said", () => {
  const failing = { ...served, deployment: { ...served.deployment!, ready: false } };
  expect(card(failing, "serving").state).toBe("attention");
  expect(situation(failing).wrong).toEqual(["The gateway does not answer for this model; see Deployments."]);
  expect(situation(served).wrong).toEqual([]);
});

test("the stage of the running step works, with what the step says of itself", () => {
  const step = { id: "train", step: "training.train", state: "running", cacheHit: false, startedAt: 0, finishedAt: null, progress: { message: "round 4 of 100" }, output: null, error: null } as const;
  const running = { id: "r", name: "retrain", model: "m", trigger: "data: more rows", state: "running", steps: [step] } as unknown as PipelineRun;
  const facts = { ...served, running };
  expect(card(facts, "training")).toMatchObject({ state: "working", detail: "round 4 of 100" });
  expect(card(facts, "data").state).toBe("idle");
  expect(situation(facts).going).toBe("Pipeline retrain is running: round 4 of 100. Why: data: more rows.");
});

test("a canary is what goes on when no pipeline runs", () => {
  const canary = { id: "c", endpoint: "m", championVersion: 14, challengerVersion: 15, startedAt: now, state: "canary", decidedAt: null } as const;
  expect(plain(situation({ ...served, rollouts: [canary] }).going)).toBe("Version 15 answers 10 % of the requests as a canary against version 14.");
});
