// False retrains beside driftfdr and river's Page-Hinkley, on driftfdr's own fleet of Electricity: node bench/loop/driftfdr.ts electricity.csv --python PYTHON
// The performance alarm watches the same 50 models: their log losses in windows of 100 rows, with the 300 rows after each retrain as the reference.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deviateFor, strongestRise, type LossSums } from "../../src/monitoring/performance/change-point.ts";

const { values: options, positionals: [data] } = parseArgs({ allowPositionals: true, options: { python: { type: "string", default: "python3" } } });
if (!data) throw new Error("Say where electricity.csv is, and with --python which Python has driftfdr and river");

interface Fleet {
  readonly models: number;
  readonly steps: number;
  readonly n_ref: number;
  readonly window: number;
  readonly drifting: readonly number[];
  readonly onsets: readonly number[];
}

interface Outcome {
  readonly method: string;
  readonly alarms: number;
  readonly false: number;
  readonly drifts: number;
  readonly caught: number;
  readonly delay: number | null;
}

/** An alarm: the model, where its reference began, and the end of the window. */
interface Raised {
  readonly model: number;
  readonly start: number;
  readonly end: number;
}

const sumsOf = (losses: Float32Array): LossSums => ({ n: losses.length, sum: losses.reduce((sum, loss) => sum + loss, 0), squares: losses.reduce((sum, loss) => sum + loss ** 2, 0) });

/** The alarms of a model's losses, at the stated rate of false ones in 365 windows. */
function alarmsOf(model: number, losses: Float32Array, { n_ref: rows, window }: Fleet, falseAlarms: number): Raised[] {
  const alarms: Raised[] = [];
  let [start, windows] = [0, [] as LossSums[]];
  for (let end = rows + window; end <= losses.length; end += window) {
    if (end - window < start + rows) continue;
    windows.push(sumsOf(losses.subarray(end - window, end)));
    if ((strongestRise(sumsOf(losses.subarray(start, start + rows)), windows)?.z ?? 0) <= deviateFor(falseAlarms)) continue;
    alarms.push({ model, start, end });
    [start, windows] = [end, []];
  }
  return alarms;
}

/** Whether an alarm is false: the errors of the next 1000 rows, from each row of the window on, are no more than 0.05 above those of the reference (driftfdr's `error_rate_view`). */
function isFalse(errors: Float32Array, { start, end }: Raised, { n_ref: rows, window }: Fleet): boolean {
  const mean = (from: number, until: number): number => errors.subarray(from, until).reduce((sum, error) => sum + error, 0) / (until - from);
  let ahead = 0;
  for (let row = end - window; row < end; row++) ahead += mean(row, Math.min(errors.length, row + 1000)) / window;
  return ahead - mean(start, start + rows) <= 0.05;
}

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-driftfdr-"));
try {
  const file = join(folder, "losses.f32");
  const lines = execFileSync(options.python, [fileURLToPath(new URL("driftfdr_electricity.py", import.meta.url)), data, file], { encoding: "utf8", maxBuffer: 1e8 }).trim().split("\n");
  const [fleet, ...others] = lines.map((line) => JSON.parse(line) as unknown) as [Fleet, ...Outcome[]];
  const bytes = readFileSync(file);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const signal = (kind: number, model: number): Float32Array => values.subarray((kind * fleet.models + model) * fleet.steps, (kind * fleet.models + model + 1) * fleet.steps);
  const ours = ([["log losses", 0], ["wrong answers", 1]] as const).flatMap(([name, kind]) =>
    [0.1].map((rate): Outcome => {
      const alarms = Array.from({ length: fleet.models }, (_, model) => alarmsOf(model, signal(kind, model), fleet, rate)).flat();
      const delays = fleet.drifting.flatMap((model, at) => alarms.filter((one) => one.model === model && one.end > fleet.onsets[at]).slice(0, 1).map(({ end }) => end - fleet.onsets[at])).sort((a, b) => a - b);
      const middle = Math.floor(delays.length / 2);
      return {
        method: `Millrace, rise of the ${name}, ${rate} in 365 windows`,
        alarms: alarms.length,
        false: alarms.filter((one) => isFalse(signal(1, one.model), one, fleet)).length,
        drifts: fleet.drifting.length,
        caught: delays.length,
        delay: delays.length === 0 ? null : delays.length % 2 === 1 ? delays[middle] : (delays[middle - 1] + delays[middle]) / 2,
      };
    }),
  );
  console.log("| method | retrains | of them false | share false | drifts caught | median delay, rows |\n|---|---|---|---|---|---|");
  for (const one of [...others, ...ours]) console.log(`| ${one.method} | ${one.alarms} | ${one.false} | ${one.alarms === 0 ? "" : `${((100 * one.false) / one.alarms).toFixed(0)} %`} | ${one.caught} of ${one.drifts} | ${one.delay ?? ""} |`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
