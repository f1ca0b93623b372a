import type { Stage } from "../stage.ts";
import { trainStep } from "./train-step.ts";

export const training: Stage = {
  name: "training",
  purpose: "Trainers: gradient boosting and linear models of our own, written as ONNX",
  steps: [trainStep],
};
