import { dirname, resolve } from "node:path";
import colors from "picocolors";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { table } from "../cli/table.ts";
import { formatDuration } from "../clock.ts";
import { resolveSettings } from "../config.ts";
import type { IngestOutput } from "../data/ingest-step.ts";
import { useLine } from "../data/choose-features.ts";
import type { ValidateOutput } from "../data/validate-step.ts";
import { MillraceError } from "../errors.ts";
import type { EvaluateOutput } from "../evaluation/evaluate-step.ts";
import type { GateVerdict } from "../evaluation/gate.ts";
import { client } from "../http/client.ts";
import { sightText } from "../monitoring/performance/sight-text.ts";
import type { Sight } from "../monitoring/performance/sight.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import { loadProject } from "../project/load.ts";
import { stepOutput, type PipelineRun, type StepRun } from "../stage.ts";
import { backgroundServer } from "./background-server.ts";
import { followRun } from "./follow-run.ts";
import { sendTriggers } from "./send-triggers.ts";
import { startRun } from "./start-run.ts";

/** Runs a project's path on the server of a home folder, started in the background when none runs. */
export const walkProject = (program: string): Command["run"] => async ({ settings, say, signal }, [file]) => {
  const project = await loadProject(file ?? "millrace.yaml");
  const resolved = resolveSettings(settings, process.env);
  const server = await backgroundServer(program, resolved, { bound: false });
  if (server.started) say(`server started in the background at ${server.address.url} (\`millrace down\` stops it)`);
  const triggers = await sendTriggers(server.address.url, resolved.home, project, dirname(resolve(file ?? "millrace.yaml")));
  for (const one of triggers) say(`trigger ${one.name} fires ${one.on}`);
  const id = await startRun(server.address.url, resolved.home, project);
  const run = await followRun(server.address.url, id, (step) => say(stepLine(step)), signal, (line) => say(outputLine(line)));
  return runResult(run, await sightOfLoop(server.address.url, run));
};

/** What the loop that a run set can see; null where it set none. */
async function sightOfLoop(url: string, run: PipelineRun): Promise<Sight | null> {
  const deployed = stepOutput<{ endpoint: string }>(run, "deploy");
  return deployed ? (await client<OptimizationRoutes>(url, "optimization")("GET /loops/:endpoint", { params: { endpoint: deployed.endpoint } })).sight : null;
}

/** A line that a step's command printed, for people. */
export const outputLine = (line: string): string => colors.dim(`    │ ${line}`);

/** A step's state as a line for people. */
export function stepLine(step: StepRun): string {
  if (step.state === "running") return colors.dim(`  … ${step.id.padEnd(10)} ${step.progress?.message ?? ""}${step.progress?.total ? ` (${step.progress.done}/${step.progress.total})` : ""}`);
  const took = step.startedAt !== null && step.finishedAt !== null ? formatDuration(step.finishedAt - step.startedAt) : "";
  if (step.state === "succeeded") return `  ${colors.green("✓")} ${step.id.padEnd(10)} ${step.cacheHit ? "same as before" : took}`;
  if (step.state === "failed") return `  ${colors.red("✗")} ${step.id.padEnd(10)} ${step.error?.message ?? ""}`;
  return colors.dim(`  - ${step.id.padEnd(10)} skipped`);
}

/** What a run ended with, for programs. */
interface RunFindings {
  readonly model: string;
  /** Null where the gate refused it. */
  readonly version: number | null;
  readonly [finding: string]: unknown;
}

/** What `millrace run` ends with; throws when a step failed. `sight`: what the loop that it set can see. */
export function runResult(run: PipelineRun, sight: Sight | null = null): { readonly data: RunFindings; readonly text: string; readonly exitCode: number } {
  const failed = run.steps.find((step) => step.state === "failed");
  if (run.state === "failed") {
    const code = failed?.error?.code ?? "pipelines.step_failed";
    throw new MillraceError(code, code.startsWith("data.") || code.startsWith("training.") || code.startsWith("evaluation.") ? 400 : 500, failed?.error?.message ?? run.reason ?? "the run failed", { details: { run: run.id, step: failed?.id } });
  }
  const checked = stepOutput<ValidateOutput>(run, "validate")!;
  const evaluation = stepOutput<EvaluateOutput>(run, "evaluate")!;
  const gate = stepOutput<GateVerdict>(run, "gate")!;
  const deployed = stepOutput<{ version: number; url: string }>(run, "deploy");
  const metrics = Object.fromEntries(Object.entries(evaluation.metrics).map(([name, { value }]) => [name, value]));
  const rows = Object.entries(evaluation.metrics).map(([name, { value, low, high }]) => [
    name,
    value.toPrecision(4),
    `${low.toPrecision(4)} to ${high.toPrecision(4)}`,
    evaluation.naive[name]?.toPrecision(4) ?? "",
    evaluation.baseline?.[name]?.toPrecision(4) ?? "",
    ...(evaluation.champion ? [evaluation.champion.metrics[name]?.toPrecision(4) ?? ""] : []),
  ]);
  const text = [
    `${run.model}: predicts ${checked.target} (${checked.task}, ${checked.taskReason}) from ${checked.features.length} columns`,
    ...(stepOutput<IngestOutput>(run, "ingest")?.remarks ?? []).map(({ message }) => `  ${message}`),
    ...checked.uses.filter(({ reason }) => reason !== "data.exclude says so").map((use) => `  ${useLine(use)}`),
    ...checked.anomalies.map((anomaly) => `  ${anomaly.severity.toLowerCase()}: ${anomaly.message}`),
    table(["metric", "model", "95 % interval", "naive", "linear", ...(evaluation.champion ? ["champion"] : [])], rows, ""),
    ...gate.checks.map((check) => `  ${check.passed ? colors.green("✓") : colors.red("✗")} ${check.reason}`),
    ...(sight === null ? [] : [`  what its loop can see: ${sightText(sight)}`]),
    deployed ? `version ${deployed.version} answers at ${deployed.url}` : `no version: ${run.reason}`,
  ].join("\n");
  return {
    data: { model: run.model, version: deployed?.version ?? null, metrics, gate, endpoint: deployed?.url ?? null, run: run.id, sight, remarks: stepOutput<IngestOutput>(run, "ingest")?.remarks ?? [], findings: checked.findings, uses: checked.uses, anomalies: checked.anomalies },
    text,
    exitCode: deployed ? exitCodes.ok : exitCodes.refused,
  };
}
