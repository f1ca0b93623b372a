import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withConnection, identifier, literal, query } from "../../src/storage/duckdb.ts";
import { predictTables } from "../../src/serving/batch/predict-tables.ts";
import type { Sent } from "./doors.ts";

/** Ways to have a model asked about a file of raw cells, as `millrace predict` does. */
export const batches = ["csv", "parquet", "jsonl"] as const;

/** The answers to a table that lies in a file of a kind. */
export async function askBatch(graph: string, kind: (typeof batches)[number], { names, rows, model }: Omit<Sent, "ids">): Promise<readonly number[]> {
  const path = join(dirname(graph), `rows.${kind}`);
  if (kind === "jsonl") await writeFile(path, rows.map((row) => `{${names.map((name, at) => `${JSON.stringify(name)}:${JSON.stringify(row[at])}`).join(",")}}\n`).join(""));
  else if (kind === "csv") await writeFile(path, [names, ...rows].map((row) => `${row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`).join(""));
  else {
    const list = rows.map((row) => `(${row.map(literal).join(", ")})`).join(", ");
    await withConnection((connection) => query(connection, `COPY (SELECT * FROM (VALUES ${list}) AS t(${names.map(identifier).join(", ")})) TO ${literal(path)} (FORMAT parquet)`));
  }
  const out = join(dirname(graph), `answers-${kind}.csv`);
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const version = { model, version: 1, runtime: "onnx", location: graph, files: {}, python: null } as const;
  await predictTables({ version, tables: [path], out, ids: [], keep: [], log: silent });
  const [, ...lines] = (await readFile(out, "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const [, prediction, , error] = line.split(",");
    if (error !== "") throw new Error(line);
    return Number(prediction);
  });
}
