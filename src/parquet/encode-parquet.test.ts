import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { codedColumn, constantColumn, numberColumn, plainTextColumn, truthColumn } from "./column-values.ts";
import { encodeParquet } from "./encode-parquet.ts";
import { ParquetFile } from "./parquet-file.ts";

async function reader() {
  const folder = await mkdtemp(join(tmpdir(), "millrace-parquet-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  onTestFinished(() => connection.closeSync());
  const file = join(folder, "f.parquet");
  return async (columns: Parameters<typeof encodeParquet>[0], rows: number, select = "*") => {
    await writeFile(file, Buffer.concat(encodeParquet(columns, rows)));
    return (await connection.runAndReadAll(`select ${select} from '${file}'`)).getRowsJson();
  };
}

const plain = (texts: readonly string[]) =>
  Buffer.concat(texts.flatMap((text) => [Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer), Buffer.from(text)]));

test("DuckDB reads back what was written: every type, missing values, any number of rows", async () => {
  const read = await reader();
  const value = fc.oneof(fc.double(), fc.constant(NaN), fc.constant(1));
  const instant = fc.oneof(fc.integer({ min: -8.64e14, max: 8.64e14 }), fc.constant(NaN));
  const word = fc.oneof(fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()), fc.constantFrom("a", "b"));
  const row = fc.tuple(value, instant, word, fc.option(fc.constantFrom(...Array.from({ length: 40 }, (_, i) => `c${i}`))));
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 500 }), fc.boolean(), async (rows, flag) => {
      const seen = [...new Set(rows.flatMap(([, , , code]) => (code === null ? [] : [code])))];
      const columns = [
        numberColumn("d", "DOUBLE", Float64Array.from(rows, ([d]) => d)),
        numberColumn("i", "INT64", Float64Array.from(rows, ([, i]) => i)),
        plainTextColumn("t", plain(rows.map(([, , t]) => t)), rows.length),
        codedColumn("c", Int32Array.from(rows, ([, , , c]) => (c === null ? -1 : seen.indexOf(c))), seen),
        constantColumn("k", "ü", rows.length),
        constantColumn("b", flag, rows.length),
        constantColumn("n", 0.25, rows.length),
      ];
      const expected = rows.map(([d, i, t, c]) => [Number.isNaN(d) ? null : Number.isFinite(d) ? d : String(d), Number.isNaN(i) ? null : String(i), t, c, "ü", flag, 0.25]);
      const shown = (await read(columns, rows.length)).map((one) => one.map((cell) => (cell === Infinity ? "Infinity" : cell === -Infinity ? "-Infinity" : Object.is(cell, -0) ? 0 : cell)));
      expect(shown).toEqual(expected.map((one) => one.map((cell) => (Object.is(cell, -0) ? 0 : cell))));
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("times, dictionaries of more than 256 texts and files of many rows", async () => {
  const read = await reader();
  const rows = 100_000;
  const words = Array.from({ length: 1000 }, (_, i) => `word ${i}`);
  const columns = [
    numberColumn("instant", "TIMESTAMP", Float64Array.from({ length: rows }, (_, i) => Date.UTC(2026, 0, 1) + i)),
    codedColumn("w", Int32Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? -1 : i % 1000)), words),
  ];
  expect(await read(columns, rows, "count(*), count(w), count(distinct w), min(instant)::varchar, max(instant)::varchar, count(*) filter (w = 'word ' || (epoch_ms(instant) - 1767225600000) % 1000)")).toEqual([
    [String(rows), "85714", "1000", "2026-01-01 00:00:00", "2026-01-01 00:01:39.999", "85714"],
  ]);
});

test("a file of several row groups, with dates, microseconds and truth values", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-parquet-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "groups.parquet");
  const file = await ParquetFile.create(path);
  for (const [from, rows] of [[0, 5000], [5000, 3], [5003, 1]] as const) {
    const numbers = Float64Array.from({ length: rows }, (_, i) => from + i);
    const codes = Int32Array.from(numbers, (value) => (value % 5 === 4 ? -1 : value % 2));
    await file.write([
      numberColumn("day", "DATE", numbers.map((value) => (value % 7 === 6 ? NaN : 20_000 - value))),
      numberColumn("instant", "MICROSECONDS", numbers.map((value) => 1_767_225_600_000_123 + value)),
      truthColumn("flag", codes),
      codedColumn("word", codes, ["even", "odd"]),
    ], rows);
  }
  await file.close();
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  onTestFinished(() => connection.closeSync());
  const read = async (select: string) => (await connection.runAndReadAll(`select ${select} from '${path}'`)).getRowsJson();
  expect(await read("count(*), count(day), min(day)::varchar, max(instant)::varchar, count(flag), count(*) filter (flag), count(*) filter (word = 'odd'), count(*) filter (flag != (word = 'odd'))")).toEqual([
    ["5004", "4290", "2011-01-23", "2026-01-01 00:00:00.005126", "4004", "2002", "2002", "0"],
  ]);
  expect(await read("min(typeof(day)), min(typeof(instant)), min(typeof(flag)), max(day)::varchar, min(instant)::varchar")).toEqual([["DATE", "TIMESTAMP", "BOOLEAN", "2024-10-04", "2026-01-01 00:00:00.000123"]]);
});

test("a bit that turned in a page of the log is an error, never another value", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-parquet-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  onTestFinished(() => connection.closeSync());
  const rows = 400;
  const noise = Float64Array.from({ length: rows }, (_, row) => Math.sin(row * row));
  const bytes = Buffer.concat(encodeParquet([numberColumn("small", "DOUBLE", noise), numberColumn("times", "INT64", noise.map((one) => Math.round(one * 1e12))), constantColumn("k", "v", rows)], rows));
  const file = join(folder, "f.parquet");
  const read = async (content: Buffer) => {
    await writeFile(file, content);
    return (await connection.runAndReadAll(`select * from '${file}'`)).getRowsJson();
  };
  const before = await read(bytes);
  // Of noise a page holds little but its values: most places lie in them.
  const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
  let errors = 0;
  for (let at = 100; at < bytes.length - footer - 100; at += 53) {
    const wrong = Buffer.from(bytes);
    wrong[at] ^= 1 << at % 8;
    const found = await read(wrong).catch(() => undefined);
    if (found === undefined) errors++;
    else expect(found).toEqual(before);
  }
  expect(errors).toBeGreaterThan(50);
});
