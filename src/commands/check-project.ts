import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { resolveSettings } from "../config.ts";
import { MillraceError } from "../errors.ts";
import type { EvaluateOutput } from "../evaluation/evaluate-step.ts";
import type { GateVerdict } from "../evaluation/gate.ts";
import { evaluationReport } from "../evaluation/report.ts";
import { loadProject } from "../project/load.ts";
import type { Project } from "../project/project.ts";
import { stepOutput, type PipelineRun } from "../stage.ts";
import type { TrainOutput } from "../training/train-step.ts";
import { backgroundServer } from "./background-server.ts";
import { checkJunit, checkMarkdown, type Checked } from "./check-report.ts";
import { followRun } from "./follow-run.ts";
import { projectOfCommit } from "./project-of-commit.ts";
import { startRun } from "./start-run.ts";
import { outputLine, runResult, stepLine } from "./walk-project.ts";

/** `millrace check`: the path of a project up to the gate's verdict. A server that it starts ends with it. */
export const checkProject = (program: string): Command["run"] => async ({ settings, say, signal }, [file = "millrace.yaml"], options) => {
  const project = await loadProject(file);
  const against = typeof options["against"] === "string" ? options["against"] : undefined;
  const base = against === undefined ? undefined : await projectOfCommit(file, against, project);
  try {
    const resolved = resolveSettings(settings, process.env);
    const server = await backgroundServer(program, resolved, { bound: true });
    try {
      const walk = async (one: Project, compared?: string): Promise<PipelineRun> => {
        const id = await startRun(server.address.url, resolved.home, one, undefined, { until: "gate", ...(compared !== undefined && { base: compared }) });
        return await followRun(server.address.url, id, (step) => say(stepLine(step)), signal, (line) => say(outputLine(line)));
      };
      if (base) say(`${against} (${base.commit.slice(0, 7)}):`);
      const before = base && (await walk(base.project));
      if (before && trainedIn(before) === undefined) throw new MillraceError("commands.base_failed", 400, `The project of ${against} trains no model to compare with: ${before.reason ?? "its run ended without a reason"}`);
      if (base) say("this folder:");
      const run = await walk(project, before?.id);
      const found = checkedOf(run, against ?? null);
      if (typeof options["report"] === "string") await writeReport(options["report"], run, found);
      if (found.error) runResult(run); // Throws what went wrong, as a run does.
      return { data: found, text: textOf(found), exitCode: found.passed ? exitCodes.ok : exitCodes.refused };
    } finally {
      await server.stop();
    }
  } finally {
    await base?.remove();
  }
};

const trainedIn = (run: PipelineRun): TrainOutput | undefined => stepOutput<TrainOutput>(run, "train");

function checkedOf(run: PipelineRun, against: string | null): Checked {
  const evaluation = stepOutput<EvaluateOutput>(run, "evaluate");
  const gate = stepOutput<GateVerdict>(run, "gate");
  const failed = run.steps.find(({ state }) => state === "failed");
  return {
    model: run.model,
    run: run.id,
    against,
    passed: gate?.passed === true,
    checks: gate?.checks ?? [],
    rows: evaluation?.rows ?? null,
    metrics: evaluation?.metrics ?? {},
    naive: evaluation?.naive ?? {},
    champion: evaluation?.champion ?? null,
    error: gate ? null : (failed?.error ?? { code: "pipelines.stopped", message: run.reason ?? "the run ended before the gate" }),
  };
}

async function writeReport(folder: string, run: PipelineRun, found: Checked): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [evaluation, trained, gate] = [stepOutput<EvaluateOutput>(run, "evaluate"), trainedIn(run), stepOutput<GateVerdict>(run, "gate")];
  await writeFile(join(folder, "check.md"), checkMarkdown(found));
  await writeFile(join(folder, "check.xml"), checkJunit(found));
  if (evaluation && trained) await writeFile(join(folder, "check.html"), evaluationReport(run.model, evaluation, trained, gate));
}

const textOf = ({ model, passed, checks }: Checked): string => [`${model}: the gate ${passed ? "lets it pass" : "refuses it"}`, ...checks.map((check) => `  ${check.passed ? "✓" : "✗"} ${check.reason}`)].join("\n");
