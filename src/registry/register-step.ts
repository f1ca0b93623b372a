import { createRequire } from "node:module";
import type { IngestOutput } from "../data/ingest-step.ts";
import type { EvaluateOutput } from "../evaluation/evaluate-step.ts";
import type { GateVerdict } from "../evaluation/gate.ts";
import type { Step } from "../stage.ts";
import type { TrainOutput } from "../training/train-step.ts";
import { registerVersion } from "./registry.ts";

/** Makes a blessed model the next version of its registered model. */
export const registerStep: Step = {
  name: "registry.register",
  purpose: "Registers the blessed model as the next version, with data, code, parameters, evaluation and environment",
  where: "server",
  run: async ({ params, inputs, house, runId, actor }) => {
    const table = inputs["table"] as IngestOutput;
    const trained = inputs["trained"] as TrainOutput;
    const evaluation = inputs["evaluation"] as EvaluateOutput;
    const { passed, checks } = inputs["gate"] as GateVerdict;
    const version = await registerVersion(house.db, {
      model: String(params["model"]),
      createdAt: house.clock.now(),
      createdBy: actor,
      runId,
      pipelineRunId: runId,
      datasetVersion: table.version,
      algorithm: trained.algorithm,
      training: { rows: trained.rows, until: trained.until, seconds: trained.seconds, judged: evaluation.rows },
      ...(trained.recipe && { recipe: trained.recipe }),
      params: trained.params,
      importances: trained.importances,
      signature: trained.signature,
      artifact: trained.model,
      metrics: evaluation.metrics,
      gate: { passed, checks },
      environment: { ...environment(params["code"] as string | null), ...(trained.model.python && { python: trained.model.python.version, ...trained.model.python.packages }) },
      trigger: String(params["trigger"]),
    });
    return { model: version.model, version: version.version };
  },
};

/** What a model was made with, as far as it can matter to its answers. */
function environment(code: string | null): Record<string, string> {
  const load = createRequire(import.meta.url);
  const versionOf = (name: string): string => (load(`${name}/package.json`) as { version: string }).version;
  return {
    ...(code === null ? {} : { code }),
    millrace: (load("../../package.json") as { version: string }).version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    "onnxruntime-node": versionOf("onnxruntime-node"),
  };
}
