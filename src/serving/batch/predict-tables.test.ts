import { access, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { literal, query, withConnection } from "../../storage/duckdb.ts";
import type { PlacedVersion } from "./load-placed.ts";
import { predictTables, type TablesToPredict } from "./predict-tables.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const fixture = (name: string): PlacedVersion => ({ model: name, version: 3, runtime: "onnx", location: fileURLToPath(new URL(`../gateway/fixtures/${name}.onnx`, import.meta.url)), files: {}, python: null });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "millrace-predict-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes a table, has it scored, and gives the lines of the answers in CSV. */
async function predict(model: string, text: string, options: Partial<TablesToPredict> = {}) {
  const at = await folder();
  const table = join(at, "rows.csv");
  await writeFile(table, text);
  const out = options.out === undefined ? join(at, "answers.csv") : join(at, options.out);
  const result = await predictTables({ version: fixture(model), tables: [table], ids: [], keep: [], log, ...options, out });
  return { result, out, at, lines: out.endsWith(".csv") ? (await readFile(out, "utf8")).trimEnd().split("\n") : [] };
}

const rowsOf = (path: string, select = "*"): Promise<Record<string, unknown>[]> => withConnection((connection) => query(connection, `SELECT ${select} FROM read_parquet(${literal(path)})`));

test("the answers stand in the order of the rows, with their number, the version, and nothing amiss", async () => {
  const { lines, result } = await predict("trips-1", "distance,seats,city\n1,2,Oslo\n3.5,,Bergen\n,4,\n");
  expect(lines).toEqual(["row,prediction,model_version,error", "1,14,3,", "2,7,3,", "3,4,3,"]);
  expect(result).toMatchObject({ rows: 3, refused: 0, resumed: 0, columns: ["row", "prediction", "model_version", "error"] });
});

test("a class stands as prediction, each probability under its class; ids and columns are kept as they stand", async () => {
  const { out } = await predict("churn", "id,distance,seats,city,note\n007,1,2,Oslo,a\n008,60,2,Oslo,\n", { out: "answers.parquet", ids: ["id"], keep: ["note", "distance"] });
  const [first, second] = await rowsOf(out);
  expect(Object.keys(first)).toEqual(["id", "note", "distance", "prediction", "probability_no", "probability_yes", "model_version", "error"]);
  expect([first["id"], first["note"], first["distance"], first["prediction"], first["model_version"], first["error"]]).toEqual(["007", "a", "1", "no", 3, null]);
  expect([second["prediction"], second["note"]]).toEqual(["yes", null]);
  expect((first["probability_no"] as number) + (first["probability_yes"] as number)).toBeCloseTo(1, 6);
  expect(await rowsOf(out, "DISTINCT typeof(probability_no) AS p, typeof(model_version) AS v")).toEqual([{ p: "FLOAT", v: "BIGINT" }]);
});

test("a row that the gateway would refuse has its sentence instead of an answer, and the others have theirs", async () => {
  const rows = Array.from({ length: 500 }, (_, row) => (row === 77 ? "1,abc,Oslo" : row === 300 ? "far,2,Oslo" : `${row},2,Oslo`));
  const { lines, result } = await predict("trips-1", `distance,seats,city\n${rows.join("\n")}\n`);
  expect(result).toMatchObject({ rows: 500, refused: 2 });
  expect(lines[78]).toMatch(/^78,,3,"column ""seats"" is ""abc""; it takes numbers/);
  expect(lines[301]).toMatch(/^301,,3,"column ""distance"" is ""far""; it takes numbers/);
  expect([lines[77], lines[79], lines[500]]).toEqual(["77,164,3,", "79,168,3,", "500,1010,3,"]);
  expect(lines.filter((line) => /^\d+,[\d.]+,3,$/.test(line))).toHaveLength(498);
});

test("a row on which the model itself fails is refused alone", async () => {
  const { lines, result } = await predict("picky", `amount\n${Array.from({ length: 40 }, (_, row) => (row === 13 ? 2e6 : row)).join("\n")}\n`);
  expect([result.refused, lines[13], lines[15]]).toEqual([1, "13,12,3,", "15,14,3,"]);
  expect(lines[14]).toMatch(/^14,,3,.+/);
});

test("a table of which the model takes no row is refused in one sentence, and leaves no file", async () => {
  const text = `distance,seats,city\n${"far,2,Oslo\n".repeat(300)}`;
  const at = await folder();
  const out = join(at, "answers.csv");
  await writeFile(join(at, "rows.csv"), text);
  await expect(predictTables({ version: fixture("trips-1"), tables: [join(at, "rows.csv")], out, ids: [], keep: [], log })).rejects.toMatchObject({ code: "serving.no_row_fits", message: expect.stringContaining('column "distance" is "far"') });
  await expect(access(out)).rejects.toThrow("ENOENT");
});

test.each([
  ["a column that the model takes is not there", "distance,city\n1,Oslo\n", {}, "serving.input_missing", /no column "seats".*its columns are distance, city/],
  ["a column that is to be kept is not there", "distance,seats,city\n1,2,Oslo\n", { keep: ["note"] }, "data.column_not_found", /note/],
  ["a name would stand twice", "distance,seats,city,prediction\n1,2,Oslo,4\n", { keep: null }, "serving.column_twice", /prediction/],
  ["the answers have no known form", "distance,seats,city\n1,2,Oslo\n", { out: "answers.xlsx" }, "serving.unknown_output", /\.xlsx/],
])("refused: %s", async (_, text, options, code, message) => {
  await expect(predict("trips-1", text, options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test("several tables make one, each row with its table", async () => {
  const at = await folder();
  await writeFile(join(at, "a.csv"), "distance,seats,city\n1,2,Oslo\n");
  await writeFile(join(at, "b.jsonl"), '{"city":"Oslo","seats":2,"distance":1}\n{"city":null,"seats":4,"distance":null}\n');
  const out = join(at, "answers.csv");
  await predictTables({ version: fixture("trips-1"), tables: [join(at, "a.csv"), join(at, "b.jsonl")], out, ids: [], keep: [], log });
  expect((await readFile(out, "utf8")).trimEnd().split("\n")).toEqual(["table,row,prediction,model_version,error", "a.csv,1,14,3,", "b.jsonl,1,14,3,", "b.jsonl,2,4,3,"]);
});

test.each(["answers.csv", "answers.parquet"])("what was stopped goes on where it was, and %s is as if it had not been", async (name) => {
  const at = await folder();
  const tables = ["a", "b"].map((table) => join(at, `${table}.csv`));
  for (const [index, table] of tables.entries()) await writeFile(table, `distance,seats,city\n${Array.from({ length: 90_000 }, (_, row) => `${row % 1000},${index},Oslo`).join("\n")}\n`);
  const request = { version: fixture("trips-1"), tables, ids: [], keep: [], log };
  const whole = join(at, `whole-${name}`);
  await predictTables({ ...request, out: whole });
  const out = join(at, name);
  let tries = 0;
  let resumed: number[] = [];
  for (const after of [1, 80_000, 140_000, Infinity]) {
    const stop = new AbortController();
    const found = await predictTables({ ...request, out, signal: stop.signal, onProgress: ({ rows }) => rows >= after && stop.abort() }).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    tries++;
    // What stands behind the mark, as after a crash, goes.
    if (!found) await writeFile(`${out}.partial`, "torn", { flag: "a" });
    else resumed = [found.resumed, found.rows];
  }
  expect(tries).toBe(4);
  expect(resumed[0]).toBeGreaterThanOrEqual(140_000);
  expect(resumed[1]).toBe(180_000);
  if (name.endsWith("csv")) expect(await readFile(out, "utf8")).toBe(await readFile(whole, "utf8"));
  else {
    const differ = `(SELECT *, row_number() OVER () AS place FROM read_parquet(${literal(whole)})) EXCEPT ALL (SELECT *, row_number() OVER () AS place FROM read_parquet(${literal(out)}))`;
    expect(await withConnection((connection) => query(connection, differ))).toEqual([]);
    expect(await rowsOf(out, "count(*) AS rows")).toEqual([{ rows: 180_000 }]);
  }
  await expect(access(`${out}.partial.json`)).rejects.toThrow("ENOENT");
});

test("a table that has changed since is begun anew", async () => {
  const at = await folder();
  const table = join(at, "rows.csv");
  const out = join(at, "answers.csv");
  await writeFile(table, `distance,seats,city\n${"1,2,Oslo\n".repeat(70_000)}`);
  const stop = new AbortController();
  const request = { version: fixture("trips-1"), tables: [table], out, ids: [], keep: [], log };
  await expect(predictTables({ ...request, signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow("aborted");
  await access(`${out}.partial.json`);
  await truncate(table, "distance,seats,city\n1,2,Oslo\n".length);
  expect(await predictTables(request)).toMatchObject({ rows: 1, resumed: 0 });
  expect(await readFile(out, "utf8")).toBe("row,prediction,model_version,error\n1,14,3,\n");
});
