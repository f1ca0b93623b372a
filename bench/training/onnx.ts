// What a trained model costs to serve through onnxruntime, and how far its answers lie from the model's own:
// node bench/training/onnx.ts <data folder> [table …]
import * as ort from "onnxruntime-node";
import type { Table } from "../../src/data/types.ts";
import { trainers } from "../../src/training/trainers.ts";
import { readTables, takeRows } from "./tables.ts";

const [dataFolder, ...wanted] = process.argv.slice(2);
if (dataFolder === undefined) throw new Error("usage: node bench/training/onnx.ts <data folder> [table …]");

const batches = [
  { rows: 1, runs: 3000 },
  { rows: 32, runs: 500 },
  { rows: 1024, runs: 30 },
];

console.log(
  "| table | task | trainer | file kB | load ms | p50 µs, 1 row | 32 rows | 1024 rows | JS predict µs, 1 row | largest relative difference |",
);
console.log("|---|---|---|---|---|---|---|---|---|---|");
for (const { name, task, table, features, target } of readTables(dataFolder)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const trainer of trainers) {
    const model = trainer.train({ table, target, features, task, params: {}, seed: 1 });
    const file = model.toOnnx();
    const start = performance.now();
    const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const load = performance.now() - start;
    const times: number[] = [];
    for (const { rows, runs } of batches) {
      const feeds = feedsOf(head(table, Math.min(rows, table.rows)), features);
      times.push(await medianMicroseconds(runs, () => session.run(feeds)));
    }
    const row = head(table, 1);
    const own = await medianMicroseconds(3000, () => model.predict(row));
    const prediction = model.predict(table);
    const expected = prediction.task === "regression" ? prediction.values : prediction.probabilities;
    const answer = await session.run(feedsOf(table, features));
    const served = (answer.prediction ?? answer.probabilities).data as Float32Array;
    let difference = 0;
    for (let i = 0; i < served.length; i++) difference = Math.max(difference, Math.abs(served[i] - expected[i]));
    const relative = difference / expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const figures = [
      (file.length / 1024).toFixed(0),
      load.toFixed(0),
      ...times.map((time) => time.toFixed(0)),
      own.toFixed(0),
    ];
    console.log(`| ${[name, task, trainer.name, ...figures, relative.toExponential(1)].join(" | ")} |`);
    await session.release();
  }
}

function head(table: Table, rows: number): Table {
  return takeRows(
    table,
    Int32Array.from({ length: rows }, (_, row) => row),
  );
}

function feedsOf({ rows, columns }: Table, features: readonly string[]): Record<string, ort.Tensor> {
  const used = columns.filter(({ name }) => features.includes(name));
  return Object.fromEntries(
    used.map((column) => [
      column.name,
      column.type === "number"
        ? new ort.Tensor("float32", Float32Array.from(column.values), [rows, 1])
        : new ort.Tensor(
            "string",
            Array.from(column.codes, (code) => (code < 0 ? "" : column.dictionary[code])),
            [rows, 1],
          ),
    ]),
  );
}

async function medianMicroseconds(runs: number, run: () => unknown): Promise<number> {
  const times = new Float64Array(runs);
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    times[i] = (performance.now() - start) * 1000;
  }
  return times.sort()[runs >> 1];
}
