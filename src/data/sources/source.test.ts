import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MillraceError } from "../../errors.ts";
import { ingest } from "./ingest.ts";
import { inspectSource } from "./source.ts";
import type { SourceOptions } from "./source.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-source-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** `name:STORED` of every column, and the number of rows. */
async function inspect(content: string | Buffer, options: SourceOptions = {}, name = "table.csv"): Promise<string> {
  const source = await inspectSource(write(name, content), options);
  return `${source.columns.map((column) => `${column.name}:${column.stored}`).join(" ")} / ${source.rows}`;
}

async function refusal(path: string, options: SourceOptions = {}): Promise<MillraceError> {
  const error = await inspectSource(path, options).then(
    (source) => `read ${source.rows} rows`,
    (cause: unknown) => cause,
  );
  if (error instanceof MillraceError) return error;
  throw new Error(`expected a MillraceError, got ${String(error)}`);
}

describe("header or not", () => {
  test.each<[what: string, content: string, expected: string]>([
    ["names over numbers", "a,b\n1,2.5\n3,4\n", "a:BIGINT b:DOUBLE / 2"],
    ["numbers only", "1,2.5\n3,4\n", "column0:BIGINT column1:DOUBLE / 2"],
    ["one row of numbers", "1,2,3\n", "column0:BIGINT column1:BIGINT column2:BIGINT / 1"],
    ["numbers and texts without names", "39, State-gov, 7\n50, ?, 8\n", "column0:BIGINT column1:VARCHAR column2:BIGINT / 2"],
    ["one named column", "price\n1\n2\n", "price:BIGINT / 2"],
    ["one column of numbers", "1\n2\n", "column0:BIGINT / 2"],
    ["one column of text", "name\nbob\neve\n", "name:VARCHAR / 2"],
    ["text under names", "name,city\nbob,Paris\neve,Rome\n", "name:VARCHAR city:VARCHAR / 2"],
    ["text whose first row recurs", "red,small\nblue,big\nred,big\n", "column0:VARCHAR column1:VARCHAR / 3"],
    ["text whose first row repeats itself", "yes,yes\nno,yes\n", "column0:VARCHAR column1:VARCHAR / 2"],
    ["years as names", "country,2019,2020\nFR,1.5,2.5\nDE,3,4\n", "country:VARCHAR 2019:DOUBLE 2020:DOUBLE / 2"],
    ["names over dates", "day,shop\n2011-01-01,x\n2011-01-02,x\n", "day:DATE shop:VARCHAR / 2"],
    ["dates without names", "2011-01-01,x\n2011-01-02,y\n", "column0:DATE column1:VARCHAR / 2"],
    ["repeated and empty names", "a,,a,A\n1,2,3,4\n", "a:BIGINT column1:BIGINT a_1:BIGINT A_2:BIGINT / 1"],
    ["a missing first value", "?,2\n1,3\n", "column0:BIGINT column1:BIGINT / 2"],
  ])("%s", async (_, content, expected) => {
    expect(await inspect(content)).toBe(expected);
  });

  test("says why", async () => {
    const source = await inspectSource(write("why.csv", "price,area\n1,2\n"));
    expect(source.dialect?.headerReason).toBe('the first row names the columns: "price" stands over values such as 1');
  });

  test("the caller's word counts", async () => {
    expect(await inspect("1,2\n3,4\n", { header: true })).toBe("1:BIGINT 2:BIGINT / 1");
    expect(await inspect("a,b\n3,4\n", { header: false })).toBe("column0:VARCHAR column1:VARCHAR / 2");
    expect(await inspect("a|b,c\n1|x,3\n", { delimiter: "|" })).toBe("a:BIGINT b,c:VARCHAR / 1");
    expect(await inspect("a\n-999\n5\n", { missing: ["-999"] })).toBe("a:BIGINT / 2");
  });
});

describe("ways of writing", () => {
  test.each<[what: string, content: string | Buffer, expected: string]>([
    ["a byte order mark", "\uFEFFa,b\n1,2\n", "a:BIGINT b:BIGINT / 1"],
    ["CRLF", "a,b\r\n1,2\r\n3,4\r\n", "a:BIGINT b:BIGINT / 2"],
    ["no last line end", "a,b\n1,2", "a:BIGINT b:BIGINT / 1"],
    ["blank lines", "a,b\n1,2\n\n3,4\n\n\n", "a:BIGINT b:BIGINT / 2"],
    ["quoted line ends, delimiters and quotes", 'a,b\n"x\ny","say ""hi"", then go"\nz,w\n', "a:VARCHAR b:VARCHAR / 2"],
    ["spaces before quotes", '1, "x, y"\n2, "z"\n', "column0:BIGINT column1:VARCHAR / 2"],
    ["quoted numbers", 'a,b\n"1","2.5"\n', "a:BIGINT b:DOUBLE / 1"],
    ["semicolons", "a;b\n1;x\n2;y\n", "a:BIGINT b:VARCHAR / 2"],
    ["semicolons and decimal commas", "a;b\n1,5;2\n2,25;3\n", "a:DOUBLE b:BIGINT / 2"],
    ["semicolons and decimal commas without names", "1,5;2\n2,25;3\n", "column0:DOUBLE column1:BIGINT / 2"],
    ["tabs with commas in the text", "a\tb\n1\tx, y\n2\tz\n", "a:BIGINT b:VARCHAR / 2"],
    ["numbers between spaces", "a b c\n1 2 3\n4 5 6\n", "a:BIGINT b:BIGINT c:BIGINT / 2"],
    ["words between spaces", "city name\nNew York\nLos Angeles\n", "city name:VARCHAR / 2"],
    ["pipes", "a|b\n1|2\n", "a:BIGINT b:BIGINT / 1"],
    ["a pipe within every value of a comma file", "a,b,c\n1,x|y,2\n2,x|z,3\n", "a:BIGINT b:VARCHAR c:BIGINT / 2"],
  ])("%s", async (_, content, expected) => {
    expect(await inspect(content)).toBe(expected);
  });

  test("a name that DuckDB would read as a pattern for other files too", async () => {
    write("data 1.csv", "a\n1\n2\n");
    expect(await inspect("a\n1\n", {}, "data*1.csv")).toBe("a:BIGINT / 1");
    write("data1.csv", "a\n1\n2\n");
    expect(await inspect("a\n1\n", {}, "data[1].csv")).toBe("a:BIGINT / 1");
    expect(await inspect("a\n1\n", {}, "data?.csv")).toBe("a:BIGINT / 1");
  });
});

describe("types", () => {
  test.each<[what: string, values: string[], expected: string]>([
    ["missing markers", ["1", "", "?", "NA", "N/A", "null", "NaN", "2"], "BIGINT"],
    ["a fraction after many whole numbers", [...Array.from({ length: 3000 }, () => "7"), "7.5"], "DOUBLE"],
    ["one word after many numbers", [...Array.from({ length: 3000 }, () => "7"), "seven"], "BIGINT"],
    ["values only after the sample", [...Array.from({ length: 3000 }, () => "NA"), "2011-01-01"], "DATE"],
    ["nothing at all", ["NA", "?", ""], "VARCHAR"],
    ["identifiers beyond 2^53", ["9007199254740993", "9007199254740995"], "VARCHAR"],
    ["an identifier beyond 2^53 after the sample", [...Array.from({ length: 3000 }, () => "7"), "9007199254740993"], "VARCHAR"],
    ["exponents", ["1e-3", "2E5", ".5", "-1."], "DOUBLE"],
    ["underscores", ["1_000", "2_000"], "VARCHAR"],
    ["hexadecimal", ["0x10", "0x11"], "VARCHAR"],
    ["booleans", ["true", "FALSE"], "BOOLEAN"],
    ["dates", ["2011-01-01", "2011-12-31"], "DATE"],
    ["dates and times", ["2011-01-01", "2011-12-31T18:00:00Z"], "TIMESTAMP"],
    ["no such date", ["2011-02-30", "2011-01-01"], "VARCHAR"],
    ["numbers and dates", ["2011", "2011-01-01"], "VARCHAR"],
  ])("%s", async (_, values, expected) => {
    const rows = values.map((value) => `k,${value}`).join("\n");
    expect(await inspect(`key,x\n${rows}\n`)).toBe(`key:VARCHAR x:${expected} / ${values.length}`);
  });
});

describe("JSON and Parquet", () => {
  test("lines and arrays of JSON", async () => {
    const expected = "a:BIGINT b:VARCHAR c:BOOLEAN d:DATE e:VARCHAR / 2";
    const rows = ['{"a":1,"b":"x","c":true,"d":"2011-01-01","e":null}', '{"a":2,"b":7,"c":false,"d":"2011-01-02","e":null}'];
    expect(await inspect(rows.join("\n"), {}, "rows.jsonl")).toBe(expected);
    expect(await inspect(`[${rows.join(",")}]`, {}, "rows.json")).toBe(expected);
  });

  test("a nested column is left out and told; the others are read", async () => {
    const source = await inspectSource(write("nested.jsonl", '{"a":1,"b":{"c":1}}\n'));
    expect(source.columns.map(({ name }) => name)).toEqual(["a"]);
    expect(source.remarks).toMatchObject([{ column: "b", message: expect.stringMatching(/b is left out: it holds STRUCT.*not one value per row/) as string }]);
    const error = await refusal(write("only-nested.jsonl", '{"b":{"c":1}}\n'));
    expect(error.code).toBe("data.nested_column");
    expect(error.message).toContain('Column "b"');
  });

  test("Parquet that ingest wrote", async () => {
    const into = join(folder, "again.parquet");
    await ingest({ source: write("again.csv", "a,b,t\n1,x,2011-01-01 05:00:00\n2.5,?,\n"), into });
    const source = await inspectSource(into);
    expect(source.columns.map(({ stored }) => stored)).toEqual(["DOUBLE", "VARCHAR", "TIMESTAMP"]);
    expect(source.rows).toBe(2);
  });
});

describe("what is no table", () => {
  test.each<[name: string, content: string | Buffer, code: string, says: RegExp]>([
    ["empty.csv", "", "data.source_empty", /empty \(0 bytes\)/],
    ["blank.csv", "\n \r\n", "data.source_empty", /only blank lines/],
    ["header.csv", "a,b,c,d\n", "data.header_only", /a header \(a, b, c, …\) but no rows/],
    ["packed.csv", gzipSync("a,b\n1,2\n"), "data.source_not_text", /gzip archive: unpack it first/],
    ["book.csv", Buffer.from("504b030414000600", "hex"), "data.source_not_text", /Excel workbook/],
    ["image.csv", Buffer.from("89504e470d0a1a0a", "hex"), "data.source_not_text", /PNG image/],
    ["really.csv", Buffer.from("PAR1....PAR1"), "data.source_not_text", /Parquet file: name it \.parquet/],
    ["nul.csv", Buffer.from("a,b\n1,\0\n"), "data.source_not_text", /byte 6 is NUL/],
    ["utf16.csv", Buffer.from("\uFEFFa,b\n1,2\n", "utf16le"), "data.source_not_text", /UTF-16/],
    ["latin1.csv", Buffer.from("a,b\n1,x\n2,caf\xe9\n", "latin1"), "data.source_not_text", /line 3.*Latin-1/],
    ["not.parquet", "a,b\n1,2\n", "data.source_unreadable", /not a Parquet file/],
    ["cut.parquet", Buffer.from("PAR1abc"), "data.source_unreadable", /cannot be read as parquet/],
    ["broken.json", '{"a": 1', "data.source_unreadable", /cannot be read as json/],
    ["table.xlsx", "x", "data.unknown_format", /ends in \.xlsx; a table's file ends in one of \.csv/],
    ["table", "x", "data.unknown_format", /has no extension/],
    ["quote.csv", 'a,b\n1,x\n2,"y\n3,z\n', "data.open_quote", /opens on line 3 never closes/],
    ["after.csv", 'a,b\n1,x\n2,"z"w\n', "data.source_unreadable", /line 3: .*quote/],
    ["spaced.csv", 'a, b\n1, "x, y"\n2, "x, y", 3\n', "data.ragged_rows", /but line 3 has 3\./],
    ["long.csv", "a,b\n1,2\n1,2,3\n4,5\n", "data.ragged_rows", /expected 2 columns, but line 3 has 3\./],
    ["short.csv", "a,b\n1,2\n3\n", "data.ragged_rows", /line 3 has 1\./],
    ["names.csv", "a,b\n1,2,3\n4,5,6\n7,8\n", "data.ragged_rows", /expected 2 columns, but line 2 has 3, line 3 has 3/],
  ])("%s", async (name, content, code, says) => {
    const path = write(name, content);
    const error = await refusal(path);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.details?.["file"]).toBe(path);
  });

  test("ragged rows after the sample are counted, and lines within quotes too", async () => {
    const rows = Array.from({ length: 2000 }, (_, index) => (index % 300 === 299 ? "1" : '1,"x\ny"'));
    const error = await refusal(write("late.csv", `a,b\n${rows.join("\n")}\n`));
    expect(error.code).toBe("data.ragged_rows");
    expect(error.details).toMatchObject({ line: 600, expected: 2, found: 1, count: 6 });
    expect(error.message).toContain("line 600 has 1, line 1199 has 1");
    expect(error.message).toContain("and 1 more");
  });

  test("no file, a directory, a delimiter that cannot be", async () => {
    const absent = await refusal(join(folder, "absent.csv"));
    expect([absent.code, absent.status]).toEqual(["data.source_not_found", 404]);
    mkdirSync(join(folder, "folder.csv"));
    expect((await refusal(join(folder, "folder.csv"))).code).toBe("data.source_is_directory");
    expect((await refusal(write("fine.csv", "a\n1\n"), { delimiter: '"' })).code).toBe("data.delimiter_invalid");
  });
});
