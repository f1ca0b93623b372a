import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { readTable } from "../read-table.ts";
import { ingest } from "../sources/ingest.ts";
import { loadSource } from "../sources/load-source.ts";
import { inspectSource, type SourceOptions } from "../sources/source.ts";
import { suggestJoined } from "../suggest-joined.ts";
import { suggestTimeColumn } from "../suggest-time.ts";

async function fileOf(csv: string): Promise<string> {
  const path = join(await temporaryFolder(), "table.csv");
  await writeFile(path, csv);
  return path;
}

/** What a file and the table in memory say of the joined column: the same. */
async function joined(csv: string, dates: SourceOptions["dates"], name = "when"): Promise<{ readonly times: (string | null)[]; readonly stored: string | undefined; readonly remarks: string[] }> {
  const path = await fileOf(csv);
  const source = await inspectSource(path, { dates });
  const { columns, remarks } = await ingest({ source, into: `${path}.parquet` });
  const [stored, loaded] = [(await readTable(`${path}.parquet`)).columns.find((one) => one.name === name)!, (await loadSource(source)).columns.find((one) => one.name === name)!];
  expect(loaded).toEqual(stored);
  const times = stored.type === "number" ? [...stored.values].map((time) => (Number.isNaN(time) ? null : new Date(time).toISOString().replace("T00:00:00.000Z", ""))) : [];
  return { times, stored: columns.find((one) => one.name === name)?.stored, remarks: remarks.map(({ message }) => message) };
}

describe("a date in columns of its own", () => {
  test.each<[string, string, string[], (string | null)[], string]>([
    ["a year and a month", "year,month\n2023,1\n2023,12\n1999,2\n", ["year", "month"], ["2023-01-01", "2023-12-01", "1999-02-01"], "DATE"],
    ["months by their names", "y,m\n2023,Jan\n2023,december\n2024,Sept.\n", ["y", "m"], ["2023-01-01", "2023-12-01", "2024-09-01"], "DATE"],
    ["months with leading zeros, which are text", "y,m\n2023,01\n2023,12\n", ["y", "m"], ["2023-01-01", "2023-12-01"], "DATE"],
    ["a year and a quarter", "year,quarter\n1959.0,1.0\n1959.0,4.0\n", ["year", "quarter"], ["1959-01-01", "1959-10-01"], "DATE"],
    ["quarters as Q2", "year,qtr\n1959,Q2\n1959,Q3\n", ["year", "qtr"], ["1959-04-01", "1959-07-01"], "DATE"],
    ["a day, too, which may be none", "y,m,d\n2024,2,29\n2023,2,29\n2023,4,31\n2023,4,30\n", ["y", "m", "d"], ["2024-02-29", null, null, "2023-04-30"], "DATE"],
    ["hours and minutes", "y,m,d,h,mi\n2024,2,29,23,59\n2024,2,29,24,0\n", ["y", "m", "d", "h", "mi"], ["2024-02-29T23:59:00.000Z", null], "TIMESTAMP"],
    ["what is missing or no part of a date", "y,m\n2023,\n,4\n2023,13\n23,4\n2023,4.5\n2023,4\n", ["y", "m"], [null, null, null, null, null, "2023-04-01"], "DATE"],
  ])("%s", async (_, csv, parts, times, stored) => expect(await joined(csv, { when: parts })).toMatchObject({ times, stored }));

  test("rows without one are counted; a table without any is refused", async () => {
    expect((await joined("y,m\n2023,4\n2023,13\n,1\n", { when: ["y", "m"] })).remarks).toContain("when: y, m are no date together in 2 of 3 rows; it is missing there");
    await expect(joined("yr,mnth\n0,1\n1,2\n", { when: ["yr", "mnth"] })).rejects.toMatchObject({ code: "data.dates_unusable", status: 400 });
  });

  test.each<[string, SourceOptions["dates"], string]>([
    ["a name that is taken", { m: ["y", "m"] }, "data.dates_unusable"],
    ["a part that is not there", { when: ["y", "month"] }, "data.column_not_found"],
    ["what follows a quarter", { when: ["y", "q", "m"] }, "data.dates_unusable"],
    ["a writing for a column that is not there", { when: "ymd" }, "data.column_not_found"],
  ])("%s is refused", async (_, dates, code) => expect(inspectSource(await fileOf("y,m,q\n2023,1,1\n"), { dates })).rejects.toMatchObject({ code }));

  test("cuts the rows, as any time does", async () => {
    const path = await fileOf("y,m,v\n2022,12,1\n2023,1,2\n2023,6,3\n2024,1,4\n");
    const source = await inspectSource(path, { dates: { when: ["y", "m"] } });
    await ingest({ source, into: `${path}.parquet`, filter: { time: "when", from: "2023-01-01", until: "2024-01-01" } });
    expect((await readTable(`${path}.parquet`, { columns: ["v"] })).columns).toEqual([{ name: "v", type: "number", values: Float64Array.of(2, 3) }]);
  });

  test("the same source is the same file, byte for byte", async () => {
    const path = await fileOf("y,m\n2022,12\n2023,1\n");
    const made = async (name: string): Promise<Buffer> => {
      await ingest({ source: await inspectSource(path, { dates: { when: ["y", "m"] } }), into: `${path}.${name}` });
      return readFile(`${path}.${name}`);
    };
    expect(await made("one")).toEqual(await made("two"));
  });
});

describe("is proposed", () => {
  const proposed = async (csv: string, target = "v"): Promise<unknown> => {
    const source = await inspectSource(await fileOf(csv));
    return suggestJoined(await loadSource(source), source.columns, target);
  };
  const rows = (count: number, row: (at: number) => string): string => Array.from({ length: count }, (_, at) => `${row(at)}\n`).join("");

  test.each<[string, string, { name: string; joins: string[] } | undefined]>([
    ["of a year and a month", `year,month,v\n${rows(24, (at) => `${2000 + Math.floor(at / 12)},${1 + (at % 12)},${at}`)}`, { name: "date", joins: ["year", "month"] }],
    ["of a year and a quarter", `year,quarter,v\n${rows(24, (at) => `${2000 + Math.floor(at / 4)},${1 + (at % 4)},${at}`)}`, { name: "date", joins: ["year", "quarter"] }],
    ["down to the hour, under a free name", `Year,Month,Day,Hour,time,v\n${rows(24, (at) => `2013,1,5,${at},x${at},${at}`)}`, { name: "row_time", joins: ["Year", "Month", "Day", "Hour"] }],
    ["as far as it is one: a day that is none is left", `year,month,day,v\n${rows(24, (at) => `2013,${1 + (at % 12)},${at + 100},${at}`)}`, { name: "date", joins: ["year", "month"] }],
    ["not beside a date", `year,month,date,v\n${rows(24, (at) => `2013,${1 + (at % 12)},2013-01-${String(at + 1).padStart(2, "0")},${at}`)}`, undefined],
    ["not of years of two digits or of 0 and 1", `yr,mnth,v\n${rows(24, (at) => `${at % 2},${1 + (at % 12)},${at}`)}`, undefined],
    ["not where all rows have the same", `year,month,v\n${rows(24, (at) => `2013,5,${at}`)}`, undefined],
    ["not of the target", `year,v,month\n${rows(24, (at) => `2013,${at},${1 + (at % 12)}`)}`, { name: "date", joins: ["year", "month"] }],
  ])("%s", async (_, csv, expected) => expect(await proposed(csv)).toEqual(expected && expect.objectContaining(expected)));

  test("and goes before the year alone", async () => {
    const source = await inspectSource(await fileOf(`year,month,v\n${rows(60, (at) => `${2000 + Math.floor(at / 12)},${1 + (at % 12)},${at}`)}`), { dates: { date: ["year", "month"] } });
    expect(suggestTimeColumn(await loadSource(source), source.columns)).toEqual({ column: "date", reason: '"date" holds dates and the rows are in its order' });
  });
});
