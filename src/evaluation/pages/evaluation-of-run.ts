import { client } from "../../http/client.ts";
import type { Route } from "../../http/route.ts";
import type { PipelineRun } from "../../stage.ts";
import type { TObject, TSchema, TString } from "typebox";
import type { EvaluateOutput } from "../evaluate-step.ts";
import type { GateVerdict } from "../gate.ts";

/** Of the engine's API, what the contract (`stage.ts`) knows: this room must not import the engine's own types. */
type EngineRoutes = { readonly "GET /runs/:id": Route<TObject<{ id: TString }>, TSchema, TSchema, PipelineRun> };

/** How a model was judged, where in the pipeline run's steps that is said. */
export interface EvaluationOfRun {
  /** Absent when the run did not come to the evaluation. */
  readonly evaluation?: EvaluateOutput;
  readonly gate?: GateVerdict;
  /** The version that came of it. */
  readonly version?: { readonly model: string; readonly version: number };
  readonly trigger: string;
}

/** Reads what a pipeline run's evaluation said. */
export async function evaluationOfRun(id: string, signal: AbortSignal): Promise<EvaluationOfRun> {
  const run = await client<EngineRoutes>("", "pipelines")("GET /runs/:id", { params: { id } }, { signal });
  const output = (step: string): unknown => run.steps.find((one) => one.id === step)?.output ?? undefined;
  const [evaluation, gate] = [output("evaluate") as EvaluateOutput | undefined, output("gate") as GateVerdict | undefined];
  const version = output("register") as EvaluationOfRun["version"];
  return { trigger: run.trigger, ...(evaluation ? { evaluation } : {}), ...(gate ? { gate } : {}), ...(version ? { version } : {}) };
}
