import type { Stage } from "../stage.ts";
import { evaluateStep } from "./evaluate-step.ts";
import { gateStep } from "./gate-step.ts";
import { recordStep } from "./record-step.ts";

export const evaluation: Stage = {
  name: "evaluation",
  purpose: "How good a model is: metrics with intervals, slices, reports, gates",
  steps: [evaluateStep, recordStep, gateStep],
};
