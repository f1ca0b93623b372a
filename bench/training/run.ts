// Side by side with scikit-learn and LightGBM: node bench/training/run.ts <data folder> [table …]
// FIRST_SEED (default 0) is the seed of the first split, the others follow: other seeds, other splits.
// PYTHON names an interpreter that has scikit-learn, lightgbm and pandas; without it a virtual environment is made with
// pip.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTrainer } from "../../src/training/trainers.ts";
import { drawToFront, seededRandom } from "../../src/training/random.ts";
import type { Prediction } from "../../src/training/types.ts";
import { metricsOf } from "./metrics.ts";
import type { Metric } from "./metrics.ts";
import { readTables, takeRows } from "./tables.ts";
import type { BenchTable } from "./tables.ts";

const heads =
  "table|task|rows × features|splits|metric|Millrace|scikit-learn|LightGBM|gap to the better (sd over splits)|" +
  "Millrace s|scikit-learn s|LightGBM s|Millrace's first s|time ratio to the faster";
const peers = ["sklearn", "lightgbm"] as const;
const firstSeed = Number(process.env.FIRST_SEED ?? 0);
const [dataFolder, ...wanted] = process.argv.slice(2);
if (dataFolder === undefined) throw new Error("usage: node bench/training/run.ts <data folder> [table …]");

interface Job extends BenchTable {
  readonly id: string;
  readonly values: Float64Array;
  readonly classes: readonly string[];
  readonly rows: readonly { train: Int32Array; test: Int32Array }[];
}

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
try {
  const jobs = readTables(dataFolder)
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    .map(toJob);
  const ours = jobs.map(trainOurs);
  writeJobs(jobs);
  execFileSync(python(), [join(import.meta.dirname, "peers.py"), folder], { stdio: ["ignore", "inherit", "inherit"] });
  report(jobs, ours);
} finally {
  rmSync(folder, { recursive: true });
}

function toJob(bench: BenchTable): Job {
  const column = bench.table.columns.find(({ name }) => name === bench.target)!;
  const classes = column.type === "category" ? column.dictionary : [];
  const values = column.type === "category" ? Float64Array.from(column.codes) : column.values;
  const rows = Array.from({ length: bench.splits }, (_, split) => {
    const order = Int32Array.from({ length: bench.table.rows }, (_, row) => row);
    drawToFront(order, order.length, seededRandom(firstSeed + split));
    const tested = Math.round(order.length / 5);
    return { test: order.slice(0, tested), train: order.slice(tested) };
  });
  return { ...bench, id: `${bench.name}-${bench.task}`, values, classes, rows };
}

function trainOurs({
  table,
  target,
  features,
  task,
  rows,
  classes,
}: Job): { seconds: number; predicted: Float64Array }[] {
  return rows.map(({ train, test }, seed) => {
    const trainTable = takeRows(table, train);
    const start = performance.now();
    const model = findTrainer("gradient-boosting").train({
      table: trainTable,
      target,
      features,
      task,
      params: {},
      seed,
    });
    const seconds = (performance.now() - start) / 1000;
    return { seconds, predicted: inAllClasses(model.predict(takeRows(table, test)), classes) };
  });
}

/** Predictions in the classes of the whole table: a class that the training rows lack has probability 0. */
function inAllClasses(prediction: Prediction, classes: readonly string[]): Float64Array {
  if (prediction.task === "regression") return prediction.values;
  const known = prediction.classes.length;
  const all = new Float64Array((prediction.probabilities.length / known) * classes.length);
  const position = prediction.classes.map((name) => classes.indexOf(name));
  prediction.probabilities.forEach((p, i) => (all[Math.floor(i / known) * classes.length + position[i % known]] = p));
  return all;
}

function writeJobs(jobs: readonly Job[]): void {
  const described = jobs.map(({ id, task, values, classes, rows, table, features }) => {
    const columns = table.columns.filter(({ name }) => features.includes(name));
    writeFileSync(join(folder, `${id}.json`), JSON.stringify(columns, typedArraysAsLists));
    return { id, task, file: `${id}.json`, target: values, classes: classes.length, splits: rows };
  });
  writeFileSync(join(folder, "job.json"), JSON.stringify(described, typedArraysAsLists));
}

function typedArraysAsLists(_key: string, value: unknown): unknown {
  return value instanceof Float64Array || value instanceof Int32Array ? [...value] : value;
}

interface Run {
  readonly seconds: number;
  readonly predicted: Float64Array;
}

function report(jobs: readonly Job[], ours: readonly Run[][]): void {
  const { seconds, versions } = JSON.parse(readFileSync(join(folder, "peers.json"), "utf8"));
  console.log(`Node ${process.version}, scikit-learn ${versions.sklearn}, LightGBM ${versions.lightgbm}\n`);
  console.log(`|${heads}|\n|${"---|".repeat(heads.split("|").length)}`);
  jobs.forEach((job, j) => {
    const theirs = peers.map((peer) =>
      job.rows.map((_, split): Run => {
        const key = `${job.id}-${split}-${peer}`;
        const bytes = readFileSync(join(folder, `${key}.f64`));
        return { seconds: seconds[key], predicted: new Float64Array(new Uint8Array(bytes).buffer) };
      }),
    );
    for (const metric of metricsOf[job.task])
      console.log(`| ${rowOf(job, metric, [ours[j], ...theirs]).join(" | ")} |`);
  });
}

/** One line of the report; `sides` are Millrace and then the peers, by split. */
function rowOf(job: Job, metric: Metric, sides: readonly (readonly Run[])[]): (string | number)[] {
  const measured = sides.map((runs) =>
    runs.map(({ predicted }, split) => {
      const target = Float64Array.from(job.rows[split].test, (row) => job.values[row]);
      return metric.measure(target, predicted, job.classes.length);
    }),
  );
  const [own, ...theirs] = measured.map(mean);
  const gaps = theirs.map((their) => metric.gap(own, their));
  const better = gaps.indexOf(Math.max(...gaps));
  const perSplit = measured[0].map((value, split) => metric.gap(value, measured[better + 1][split]));
  const deviation = Math.sqrt(mean(perSplit.map((gap) => (gap - mean(perSplit)) ** 2)));
  const times = sides.map((runs) => median(runs.map((run) => run.seconds)));
  return [
    job.name,
    job.task,
    `${job.table.rows} × ${job.features.length}`,
    job.splits,
    metric.name,
    ...[own, ...theirs].map((value) => value.toFixed(4)),
    `${gaps[better] > 0 ? "+" : ""}${(gaps[better] * 100).toFixed(2)} % (${(deviation * 100).toFixed(2)})`,
    ...times.map((value) => value.toFixed(3)),
    sides[0][0].seconds.toFixed(3),
    `${(times[0] / Math.min(...times.slice(1))).toFixed(2)}×`,
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function python(): string {
  if (process.env.PYTHON) return process.env.PYTHON;
  const venv = join(folder, "venv");
  execFileSync("python3", ["-m", "venv", venv], { stdio: "inherit" });
  execFileSync(join(venv, "bin/pip"), ["install", "--quiet", "scikit-learn", "lightgbm", "pandas"], {
    stdio: "inherit",
  });
  return join(venv, "bin/python");
}
