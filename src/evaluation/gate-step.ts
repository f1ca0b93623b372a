import type { MetricRule } from "../project/project.ts";
import type { Step } from "../stage.ts";
import type { EvaluateOutput } from "./evaluate-step.ts";
import { judge } from "./gate.ts";

/** Ends the pipeline, saying why, when the model does not show what the project asks for. */
export const gateStep: Step = {
  name: "evaluation.gate",
  purpose: "Lets a model pass only if it meets the project's thresholds and is no worse than the champion",
  where: "server",
  run: async ({ params, inputs }) => {
    const verdict = judge(inputs["evaluation"] as EvaluateOutput, params["rules"] as Readonly<Record<string, MetricRule>>, { challenger: params["challenger"] === true });
    const failed = verdict.checks.filter((check) => !check.passed);
    return { ...verdict, ...(failed.length > 0 ? { stop: `the gate refuses the model: ${failed.map((check) => check.reason).join("; ")}` } : {}) };
  },
};
