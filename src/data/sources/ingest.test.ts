import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ingest } from "./ingest.ts";
import { readTable } from "../read-table.ts";
import { literal, withConnection } from "../../storage/duckdb.ts";
import { inspectSource } from "./source.ts";
import type { Column, Table } from "../types.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-ingest-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A table's columns as plain lists; missing is null. */
function lists(table: Table): Record<string, (number | string | null)[]> {
  return Object.fromEntries(table.columns.map((column) => [column.name, list(column)]));
}

function list(column: Column): (number | string | null)[] {
  if (column.type === "number") return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
  return Array.from(column.codes, (code) => (code === -1 ? null : column.dictionary[code]));
}

const days = ["2011-01-01,3,x", "2011-01-02,?,y", "NA,5,z", "2011-01-03,7, ", "2011-01-02,8,x"];
const dayFile = (): string => write("days.csv", `day,n,c\n${days.join("\n")}\n`);

describe("a file", () => {
  test("keeps rows, order, missing values and points in time", async () => {
    const { path, rows, columns, size, sha256 } = await ingest({ source: dayFile(), into: join(folder, "days.parquet") });
    expect(rows).toBe(5);
    expect(columns.map(({ type }) => type)).toEqual(["timestamp", "number", "category"]);
    const bytes = readFileSync(path);
    expect([size, sha256]).toEqual([bytes.length, createHash("sha256").update(bytes).digest("hex")]);
    const day = (date: string): number => Date.parse(date);
    expect(lists(await readTable(path))).toEqual({
      day: [day("2011-01-01"), day("2011-01-02"), null, day("2011-01-03"), day("2011-01-02")],
      n: [3, null, 5, 7, 8],
      c: ["x", "y", "z", null, "x"],
    });
  });

  test("gives the same bytes for the same input, over several row groups too", async () => {
    const rows = Array.from({ length: 150_000 }, (_, index) => `${index},${(index * 7919) % 1013},k${index % 17}`);
    const source = write("large.csv", `a,b,c\n${rows.join("\n")}\n`);
    const first = await ingest({ source, into: join(folder, "one.parquet") });
    const second = await ingest({ source, into: join(folder, "two.parquet") });
    expect(first.sha256).toBe(second.sha256);
    const table = await readTable(first.path, { columns: ["a"] });
    expect(table.columns[0].type === "number" && table.columns[0].values.every((value, row) => value === row)).toBe(true);
  });

  test("moves times with an offset to UTC", async () => {
    const source = write("offset.csv", "t,x\n2011-01-01T00:30:00+02:00,1\n2011-01-01 12:00,2\n");
    const { path } = await ingest({ source, into: join(folder, "offset.parquet") });
    expect(lists(await readTable(path))["t"]).toEqual([Date.parse("2010-12-31T22:30:00Z"), Date.parse("2011-01-01T12:00:00Z")]);
  });
});

test("points in time of Parquet keep their age: before 1970, days after it, and long after", async () => {
  const times = ["1890-03-01 10:00:00.5", "1969-12-31 00:00:00", "1970-01-02 00:00:00", "1972-06-01 12:00:00", "2500-01-01 00:00:00"];
  const source = join(folder, "ages.parquet");
  const rows = times.map((time) => `(TIMESTAMP '${time}', DATE '${time.slice(0, 10)}', TIMESTAMP '${time}'::TIMESTAMP_MS, TIMESTAMPTZ '${time}+00')`).join(", ");
  await withConnection((connection) => connection.run(`COPY (SELECT * FROM (VALUES ${rows}, (NULL, NULL, NULL, NULL)) t("at", "day", ms, zoned)) TO ${literal(source)} (FORMAT parquet)`).then(() => undefined));
  const { path, columns } = await ingest({ source, into: join(folder, "ages-read.parquet") });
  const [at, day] = [times.map((time) => Date.parse(`${time.replace(" ", "T")}Z`)), times.map((time) => Date.parse(time.slice(0, 10)))];
  expect(lists(await readTable(path))).toEqual({ at: [...at, null], day: [...day, null], ms: [...at, null], zoned: [...at, null] });
  expect(columns.map(({ stored }) => stored)).toEqual(["TIMESTAMP", "DATE", "TIMESTAMP", "TIMESTAMP"]);
  const asText = await ingest({ source: await inspectSource(source, { types: { at: "text" } }), into: join(folder, "ages-text.parquet") });
  expect(lists(await readTable(asText.path))["at"].slice(0, 2)).toEqual(["1890-03-01T10:00:00.500Z", "1969-12-31T00:00:00.000Z"]);
});

describe("a time range", () => {
  test.each([
    [{ time: "day", from: "2011-01-02" }, [null, 7, 8]],
    [{ time: "day", until: "2011-01-02" }, [3]],
    [{ time: "day", from: "2011-01-02T00:00:00Z", until: "2011-01-03" }, [null, 8]],
    [{ time: "day", from: "2011-01-01T23:30:00-01:00" }, [7]],
    [{ time: "n", from: 5, until: 8 }, [5, 7]],
    [{ time: "day" }, [3, null, 5, 7, 8]],
  ])("%j", async (filter, expected) => {
    const { path, rows } = await ingest({ source: dayFile(), filter, into: join(folder, "range.parquet") });
    expect(rows).toBe(expected.length);
    expect(lists(await readTable(path))["n"]).toEqual(expected);
    const whole = await ingest({ source: dayFile(), into: join(folder, "whole.parquet") });
    expect(lists(await readTable(whole.path, { filter }))["n"]).toEqual(expected);
  });

  test.each([
    [{ time: "dya", from: "2011-01-02" }, "data.column_not_found", /no column "dya" \(time\)\. Did you mean "day"\?/],
    [{ time: "c", from: "2011-01-02" }, "data.not_a_time_column", /holds text/],
    [{ time: "day", from: "yesterday" }, "data.time_invalid", /"yesterday" is no ISO 8601/],
    [{ time: "day", from: "2011-13-01" }, "data.time_invalid", /"2011-13-01"/],
    [{ time: "n", from: "2011-01-01" }, "data.time_invalid", /holds numbers/],
    [{ time: "day", from: "2012-01-01" }, "data.no_rows", /no rows with day from 2012-01-01; its values go from 2011-01-01T00:00:00.000Z to 2011-01-03T00:00:00.000Z/],
  ])("%j is refused", async (filter, code, message) => {
    const failing = ingest({ source: dayFile(), filter, into: join(folder, "refused.parquet") });
    await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

test("whatever text is quoted, each way of writing gives it back", async () => {
  // "t" keeps the cells from being numbers, missing markers, or text that trimming changes.
  const cell = fc.string({ unit: fc.constantFrom("a", ",", ";", '"', "\n", "\r\n", "é", " ", "|", "\t"), maxLength: 6 }).map((text) => `t${text}t`);
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom(",", ";", "\t", "|"), fc.constantFrom("\n", "\r\n"), async (rows, delimiter, end) => {
      const lines = [["x", "y", "z"], ...rows].map((fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(delimiter));
      const source = await inspectSource(write("any.csv", lines.join(end) + end), { header: true, delimiter });
      const { path } = await ingest({ source, into: join(folder, "any-text.parquet") });
      expect(lists(await readTable(path))).toEqual({ x: rows.map(([x]) => x), y: rows.map(([, y]) => y), z: rows.map(([, , z]) => z) });
    }),
    { numRuns: 60 },
  );
});

test("many at once share one DuckDB", async () => {
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, index) => ingest({ source: write(`parallel-${index}.csv`, `a\n${index}\n`), into: join(folder, `parallel-${index}.parquet`) })),
  );
  const tables = await Promise.all(made.map(({ path }) => readTable(path)));
  expect(tables.map((table) => lists(table)["a"])).toEqual(made.map((_, index) => [index]));
});

describe("reading", () => {
  const source = (): string => write("read.csv", "k,v,b\n3,c,true\n1,a,false\n,b,true\n2,a,\n1,d,true\n");

  test.each([
    [{ orderBy: ["k"] }, [1, 1, 2, 3, null], ["a", "d", "a", "c", "b"]],
    [{ orderBy: ["k"], limit: 2 }, [1, 1], ["a", "d"]],
    [{ limit: 0 }, [], []],
    [{ orderBy: ["b", "k"] }, [1, 1, 3, null, 2], ["a", "d", "c", "b", "a"]],
  ])("%j", async (options, k, v) => {
    const { path } = await ingest({ source: source(), into: join(folder, "read.parquet") });
    const table = await readTable(path, options);
    expect([lists(table)["k"], lists(table)["v"]]).toEqual([k, v]);
    const [, category] = table.columns;
    expect(category.type === "category" && category.dictionary).toEqual([...new Set(v)].sort());
  });

  test("columns come in the order asked for; an unknown one is named", async () => {
    const { path } = await ingest({ source: source(), into: join(folder, "pick.parquet") });
    expect((await readTable(path, { columns: ["b", "k"] })).columns.map(({ name }) => name)).toEqual(["b", "k"]);
    await expect(readTable(path, { columns: ["K"] })).rejects.toMatchObject({ code: "data.column_not_found", details: { nearest: ["k"] } });
    await expect(readTable(path, { limit: -1 })).rejects.toMatchObject({ code: "data.limit_invalid" });
    await expect(readTable(join(folder, "none.parquet"))).rejects.toMatchObject({ code: "data.not_a_dataset" });
  });

  test("a dictionary of many values", async () => {
    const values = Array.from({ length: 12_000 }, (_, index) => `v'${(index * 7919) % 12_000}`);
    const { path } = await ingest({ source: write("many.csv", `v,n\n${values.map((value) => `${value},1`).join("\n")}\n`), into: join(folder, "many.parquet") });
    const table = await readTable(path);
    expect(lists(table)["v"]).toEqual(values);
    expect(table.columns[0].type === "category" && table.columns[0].dictionary).toEqual([...values].sort());
  });
});
