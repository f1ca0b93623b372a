import { once } from "node:events";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import colors from "picocolors";
import type { Command, CommandContext } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { isoDate } from "../clock.ts";
import { resolveSettings } from "../config.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import type { Loop } from "../optimization/types.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";
import { loadProject } from "../project/load.ts";
import { backgroundServer } from "./background-server.ts";
import { followRun } from "./follow-run.ts";
import { lastEventTime } from "./replay.ts";
import { replayAloud } from "./replay-progress.ts";
import { runResult, stepLine } from "./walk-project.ts";
import { closingTable, period, readTour, type Tour } from "./tour-table.ts";


const example = fileURLToPath(new URL("../../examples/bike-sharing/millrace.yaml", import.meta.url));

/** One tour of the whole loop, from where an earlier one was cut off. */
export const takeTour = (program: string): Command["run"] => async (context, _args, options) => {
  const settings = resolveSettings(context.settings, process.env);
  if (options["fresh"] === true && settings.database !== null) {
    throw invalid("tour.fresh_database", "--fresh forgets a home folder, and this tour is kept in a PostgreSQL database; leave --fresh out, or name an empty database with --database");
  }
  if (options["fresh"] === true) await rm(settings.home, { recursive: true, force: true });
  const { say, signal } = context;
  const server = await backgroundServer(program, settings, { bound: true });
  const addresses = [`  pages and API  ${server.address.url}`, `  gateway        ${server.address.gateway}`];
  say(`${colors.bold("Millrace")} is up\n${addresses.join("\n")}\n`);
  try {
    const tour = await turn(context, server.address);
    const staying = options["exit"] !== true && !context.json;
    const text = `${closingTable(tour)}\n\n${addresses.join("\n")}\n${tryIt(server.address.gateway, tour)}${staying ? "\nCtrl-C stops it." : ""}`;
    if (!staying) return { data: tour.summary, text };
    process.stdout.write(`${text}\n`);
    await once(signal, "abort");
    return { data: tour.summary, text: "" };
  } finally {
    say("stopping …");
    await server.stop();
  }
};

/** One tour: first run, replay beside the backtest, comparison. Goes on where an earlier one was cut off. */
async function turn({ say, signal }: CommandContext, { url, gateway }: { url: string; gateway: string }): Promise<Tour> {
  const project = await loadProject(example);
  const optimization = client<OptimizationRoutes>(url, "optimization");
  const id = `${project.model}-first`;
  const known = (await client<PipelineRoutes>(url, "pipelines")("GET /runs", { query: { model: project.model, limit: 1 } })).runs.length > 0;
  say(known ? "This home folder has a tour already; going on from where it is (--fresh begins anew)." : `Training on the first eight weeks of ${project.data.source}`);
  await optimization("POST /runs", { body: { project, id } });
  const first = await followRun(url, id, (step) => say(stepLine(step)), signal);
  const result = runResult(first);
  say(`\n${result.text}\n`);
  if (result.exitCode !== exitCodes.ok) throw new Error("the first model did not pass its gate");

  const { loop } = await optimization("GET /loops/:endpoint", { params: { endpoint: project.model } });
  const weeks = await wholeWeeks(loop);
  const { run: backtest } = await optimization("POST /loops/:endpoint/backtests", { params: { endpoint: project.model }, body: { periods: weeks, period } });
  say(`Replaying ${weeks} weeks from ${isoDate(loop.startedAt)} on as production (labels come a day late)`);
  await replayAloud({ server: url, gateway, loop, signal }, "day", say);
  await followRun(url, backtest, () => undefined, signal);
  return readTour(url, loop, weeks, backtest);
}

async function wholeWeeks(loop: Loop): Promise<number> {
  return Math.floor(((await lastEventTime(loop)) - loop.startedAt) / period);
}

const tryIt = (gateway: string, { loop, example: row }: Tour): string =>
  `  try it         curl -s ${gateway}/predict/${loop.endpoint} -d '${JSON.stringify(Object.fromEntries(loop.features.filter(({ name }) => name !== loop.project.data.time?.column).map(({ name }) => [name, row[name]])))}'`;
