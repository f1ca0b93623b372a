import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { ingest } from "./sources/ingest.ts";
import { inspectSource } from "./sources/source.ts";
import { readDatasetFile } from "./read-dataset-file.ts";
import { readTable } from "./read-table.ts";

const kinds = {
  number: fc.oneof(fc.double({ noNaN: true }).map(String), fc.constantFrom("", "-0", "7")),
  integer: fc.oneof(fc.maxSafeInteger().map(String), fc.constantFrom("", "-1", "0")),
  same: fc.constant("3.5"),
  category: fc.constantFrom("red", "blue", "Red", "", "é", "\u{1f600}", "zz", "\ufeffbom"),
  text: fc.string({ unit: "grapheme" }).map((text) => `"x${text.replaceAll('"', '""')}"`),
  truth: fc.constantFrom("true", "false", ""),
  always: fc.constantFrom("true", "true"),
  day: fc.constantFrom("2021-03-01", "1960-02-29", ""),
  none: fc.constant(""),
};
type Kind = keyof typeof kinds;

test("files that ingest writes are read as the database reads them", async () => {
  const folder = await temporaryFolder();
  const tables = fc
    .uniqueArray(fc.constantFrom(...(Object.keys(kinds) as Kind[])), { minLength: 1, maxLength: 5 })
    .chain((names) => fc.tuple(fc.constant(names), fc.array(fc.tuple(...names.map((name) => kinds[name])), { minLength: 1, maxLength: 40 }), fc.boolean()));
  let number = 0;
  let read = 0;
  await fc.assert(
    fc.asyncProperty(tables, async ([names, rows, shared]) => {
      const source = join(folder, `t${number++}.csv`);
      await writeFile(source, `id,${names.join(",")}\n${rows.map((cells, row) => `${row},${cells.join(",")}`).join("\n")}\n`);
      const { path, columns } = await ingest({ source: await inspectSource(source), into: `${source}.parquet` });
      const own = await readDatasetFile(path, undefined, shared);
      // A limit is the database's work.
      const theirs = await readTable(path, { limit: rows.length + 1 });
      if (columns.some(({ stored }) => stored === "TIMESTAMP")) expect(own).toBeUndefined();
      else {
        expect(own).toEqual(theirs);
        read++;
      }
      const [last] = names.slice(-1);
      expect(await readTable(path, { columns: [last, "id"], shared })).toEqual(await readTable(path, { columns: [last, "id"], limit: 1e9 }));
    }),
    { numRuns: 80 },
  );
  expect(read).toBeGreaterThan(40);
}, 60_000);

test("several row groups", async () => {
  const folder = await temporaryFolder();
  const source = join(folder, "t.csv");
  const rows = Array.from({ length: 260_000 }, (_, row) => `${row % 7 === 0 ? "" : row / 8},k${(row * 7919) % (row < 130_000 ? 5 : 300)},${row % 3 === 0},name${row}`);
  await writeFile(source, `a,b,c,d\n${rows.join("\n")}\n`);
  const { path } = await ingest({ source: await inspectSource(source), into: `${source}.parquet` });
  const table = await readDatasetFile(path);
  expect(table?.rows).toBe(260_000);
  expect(table).toEqual(await readTable(path, { limit: 1e9 }));
}, 60_000);

test("a damaged file, and one of other hands, are left to the database", async () => {
  const folder = await temporaryFolder();
  const source = join(folder, "t.csv");
  await writeFile(source, `a,b\n${Array.from({ length: 2000 }, (_, row) => `${row / 3},k${row % 9}`).join("\n")}\n`);
  const { path } = await ingest({ source: await inspectSource(source), into: `${source}.parquet` });
  const handle = await open(path, "r+");
  await handle.write(Buffer.alloc(64, 0xff), 0, 64, 4);
  await handle.close();
  await expect(readDatasetFile(path)).rejects.toThrow("a value of type 15");
  await expect(readTable(path)).rejects.toThrow(/TProtocolException|Invalid|Corrupt|parquet/i);
  await expect(readTable(join(folder, "none.parquet"))).rejects.toMatchObject({ code: "data.not_a_dataset" });
  await writeFile(path, "PAR1");
  expect(await readDatasetFile(path)).toBeUndefined();
  await expect(readTable(path)).rejects.toMatchObject({ code: "data.not_a_dataset" });
});
