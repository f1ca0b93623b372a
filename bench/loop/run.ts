// The loop on streams that its defaults were not chosen on: node bench/loop/run.ts [stream …] [--json] [--seed N] [--river PYTHON]
// Each stream becomes a table and a project of five lines, and `millrace replay` replays it with the defaults. With `--river`, river's adaptive random forest
// learns the same rows one by one, with the same delay of labels.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { ReplaySummary } from "../../src/commands/replay-summary.ts";
import { regretPrices } from "../../src/optimization/backtest/regret.ts";
import { productionStart, rowsOf, streams, type Stream } from "./streams.ts";

const { values: options, positionals: wanted } = parseArgs({ allowPositionals: true, options: { json: { type: "boolean" }, seed: { type: "string", default: "1" }, river: { type: "string" } } });
const program = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));

/** Writes a stream as a table with a time column and a project with nothing but defaults; rows whose label never comes have none. */
function write(stream: Stream, folder: string): string {
  const rows = rowsOf(stream, Number(options.seed));
  const names = Object.keys(rows[0].features);
  const lines = rows.map(({ time, features, target, labelled }) => [new Date(time).toISOString().slice(0, 19), ...names.map((name) => features[name]), labelled ? target : ""].join(","));
  writeFileSync(join(folder, "stream.csv"), [["at", ...names, "target"].join(","), ...lines].join("\n"));
  const project = join(folder, "millrace.yaml");
  const until = new Date(productionStart).toISOString().slice(0, 10);
  writeFileSync(project, `model: stream\ndata: { source: stream.csv, target: target, time: at, until: ${until} }\nmonitor: { window: 1d, label_delay: ${stream.delay}d }\n`);
  return project;
}

/** The loss of river's forest on the replayed rows. */
const riverLoss = (python: string, stream: Stream, folder: string): number =>
  Number(execFileSync(python, [fileURLToPath(new URL("river_forest.py", import.meta.url)), join(folder, "stream.csv"), String(productionStart), String(stream.delay), stream.task], { encoding: "utf8", maxBuffer: 1e8 }).trim());

const header = "| stream | what happens | rows a day | never | loop | every window, all | every window, recent | hindsight | river's forest | trainings | alarms | promoted | surely worse | loop ÷ better every-window | loop ÷ never | regret at ρ = 0.25 | at 0.5 | at 1 |";
if (!options.json) console.log(`${header}\n|${"---|".repeat(header.split("|").length - 2)}`);
for (const stream of streams.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-loop-"));
  try {
    const project = write(stream, folder);
    const seconds = performance.now();
    const summary = JSON.parse(execFileSync(process.execPath, [program, "replay", project, "--home", join(folder, "home"), "--port", "0", "--gateway-port", "0", "--json"], { encoding: "utf8", maxBuffer: 1e9, stdio: ["ignore", "pipe", "ignore"] })) as ReplaySummary;
    const took = (performance.now() - seconds) / 1000;
    const river = options.river === undefined ? null : riverLoss(options.river, stream, folder);
    const { loss, trainings, alarms, promotions } = summary;
    const better = Math.min(loss.every_window_all, loss.every_window_recent);
    const worse = promotions.filter((one) => one.surely_worse).length;
    if (options.json) {
      const { table: _, ...rest } = summary;
      console.log(JSON.stringify({ stream: stream.name, drift: stream.drift, perDay: stream.perDay, ...rest, river, seconds: took }));
    } else {
      const four = (value: number | null): string => (value === null ? "" : value.toPrecision(4));
      console.log(`| ${[stream.name, stream.drift, stream.perDay, four(loss.never), four(loss.loop), four(loss.every_window_all), four(loss.every_window_recent), four(loss.hindsight), four(river), `${trainings.loop} of ${trainings.every_window}`, alarms, promotions.length, worse, (loss.loop / better).toFixed(3), (loss.loop / loss.never).toFixed(3), ...regretPrices.map((price) => summary.regret.find(({ rho }) => rho === price)?.loop.toFixed(3) ?? "")].join(" | ")} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
