import { rm } from "node:fs/promises";
import type { Command, CommandContext } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { isoDate } from "../clock.ts";
import { resolveSettings } from "../config.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import { loadProject } from "../project/load.ts";
import type { PipelineRun } from "../stage.ts";
import { backgroundServer } from "./background-server.ts";
import { followRun } from "./follow-run.ts";
import { startRun } from "./start-run.ts";
import { progressLine, replayAloud } from "./replay-progress.ts";
import { lastEventTime } from "./replay.ts";
import { replayText, summarise, type ReplaySummary } from "./replay-summary.ts";
import { outputLine, runResult, stepLine } from "./walk-project.ts";

/** One replay of a project, from where an earlier one was cut off. */
export const takeReplay = (program: string): Command["run"] => async (context, [file], options) => {
  const project = await loadProject(file ?? "millrace.yaml");
  if (!project.data.time) throw invalid("replay.no_time", "A replay needs data.time, the column that says when a row happened");
  if (project.data.until === null) throw invalid("replay.no_until", "A replay needs data.until, the day on which production begins: rows before it train the first model, those after it are replayed");
  const settings = resolveSettings(context.settings, process.env);
  if (options["fresh"] === true && settings.database !== null) {
    throw invalid("replay.fresh_database", "--fresh forgets a home folder, and this replay is kept in a PostgreSQL database; leave --fresh out, or name an empty database with --database");
  }
  if (options["fresh"] === true) await rm(settings.home, { recursive: true, force: true });
  const server = await backgroundServer(program, settings, { bound: true });
  try {
    const arrivals = typeof options["arrivals"] === "string" ? { arrivals: options["arrivals"] } : {};
    const found = await walk(context, project, { ...server.address, home: settings.home }, arrivals);
    return "exitCode" in found ? found : { data: found, text: replayText(found) };
  } finally {
    await server.stop();
  }
};

async function walk({ say, signal }: CommandContext, project: Awaited<ReturnType<typeof loadProject>>, { url, gateway, home }: { url: string; gateway: string; home: string }, arrivals: { readonly arrivals?: string }): Promise<ReplaySummary | ReturnType<typeof runResult>> {
  const optimization = client<OptimizationRoutes>(url, "optimization");
  const params = { endpoint: project.model };
  const id = `${project.model}-first`;
  say(`Training the first model on the rows of ${project.data.source} before ${project.data.until}`);
  await startRun(url, home, project, id);
  const first = runResult(await followRun(url, id, (step) => say(stepLine(step)), signal, (line) => say(outputLine(line))));
  if (first.exitCode !== exitCodes.ok) return first;
  const { loop } = await optimization("GET /loops/:endpoint", { params });
  const { window } = loop.project.monitor;
  const windows = Math.floor(((await lastEventTime(loop)) - loop.startedAt) / window) + 1;
  const { run: backtest } = await optimization("POST /loops/:endpoint/backtests", { params, body: { periods: windows, period: window, thorough: true, ...arrivals } });
  say(`Replaying ${windows} windows from ${isoDate(loop.startedAt)} on as production`);
  await replayAloud({ server: url, gateway, loop, signal, ...arrivals }, "window", say);
  const { run: promotions } = await optimization("POST /loops/:endpoint/promotions", { params });
  const follow = async (run: string): Promise<PipelineRun> => {
    const line = progressLine(say);
    const ended = await followRun(url, run, (step) => line.update(stepLine(step)), signal);
    line.done();
    if (ended.state !== "succeeded") throw new Error(`${ended.name} ${ended.state}: ${ended.reason ?? "no reason was given"}`);
    return ended;
  };
  return summarise(url, loop, windows, { backtest: await follow(backtest), promotions: await follow(promotions) });
}
