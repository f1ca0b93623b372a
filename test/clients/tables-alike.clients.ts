import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readTable } from "../../src/data/read-table.ts";
import { ingest } from "../../src/data/sources/ingest.ts";
import { readingsOf, type Column } from "../../src/data/types.ts";
import { at, makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { trainers } from "../../src/training/trainers.ts";
import { pythonWith, runScript } from "./python.ts";

const tables = 80;
const formats = ["csv", "parquet", "jsonl"] as const;

/** A column's values whatever their codes: numbers, points in time, or texts, null where missing. */
const valuesOf = (column: Column): readonly (number | string | null)[] =>
  column.type === "category" ? [...column.codes].map((code) => (code < 0 ? null : column.dictionary[code])) : [...column.values].map((value) => (Number.isNaN(value) ? null : value));

test("a table that pandas writes as CSV, as Parquet and as JSON lines has the same values, and its models the same answers", { timeout: 600_000 }, async () => {
  const python = await pythonWith("tables-alike", ["pandas==3.0.6", "pyarrow"]);
  const folder = await mkdtemp(join(tmpdir(), "tables-alike-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const seed = String(Date.now() % 1_000_000);
  const kinds = JSON.parse(await runScript(python, join(import.meta.dirname, "tables_alike.py"), { FOLDER: folder, TABLES: String(tables), SEED: seed })) as Record<string, string>[];

  const models: Record<string, ReturnType<typeof at>> = {};
  const served = await makeFolder();
  for (const [index, columns] of kinds.entries()) {
    const label = `seed ${seed}, table ${index}: ${JSON.stringify(columns)}`;
    const read = [];
    for (const format of formats) {
      const into = join(folder, `t${index}.${format}.table`);
      const ingested = await ingest({ source: join(folder, `t${index}.${format}`), into });
      read.push({ ingested, table: await readTable(into) });
    }
    const [csv, ...others] = read.map(({ ingested, table }) => ({
      types: ingested.columns.map(({ name, type }) => [name, type]),
      values: Object.fromEntries(table.columns.map((column) => [column.name, valuesOf(column)])),
    }));
    for (const [at, other] of others.entries()) {
      expect.soft(other.types, `${formats[at + 1]} as CSV; ${label}`).toEqual(csv.types);
      for (const [name, values] of Object.entries(csv.values)) expect.soft(other.values[name], `${formats[at + 1]} as CSV, ${columns[name]}; ${label}`).toEqual(values);
    }
    if (index >= 12) continue;
    for (const [place, { ingested, table }] of read.entries()) {
      const made = trainers.find(({ name }) => name === "gradient-boosting")!.train({
        table,
        task: "regression",
        target: "y",
        features: table.columns.map(({ name }) => name).filter((name) => name !== "y"),
        params: { iterations: 20, min_samples_leaf: 5 },
        readings: readingsOf(ingested.columns),
        seed: 1,
      });
      const file = join(served, `${index}-${formats[place]}.onnx`);
      await writeFile(file, made.toOnnx());
      models[`t${index}-${formats[place]}`] = at(file);
    }
  }
  const gateway = await startOwn(served, models);
  for (const [index, columns] of kinds.slice(0, 12).entries()) {
    const rows = await readFile(join(folder, `t${index}.rows.json`), "utf8");
    const answers = [];
    for (const format of formats) {
      const answer = await fetch(`${gateway.url}/v1/models/t${index}-${format}:predict`, { method: "POST", body: `{"instances": ${rows}}` });
      answers.push(await answer.json());
    }
    const label = `seed ${seed}, table ${index}: ${JSON.stringify(columns)}`;
    expect.soft((answers[0] as { predictions?: unknown[] }).predictions?.length, label).toBe(40);
    for (const other of answers.slice(1)) expect.soft(other, label).toEqual(answers[0]);
  }
});
