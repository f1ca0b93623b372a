import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openFolderBlobs } from "../storage/folder-blobs.ts";
import { tableOf } from "./held-table.ts";
import type { IngestOutput } from "./ingest-step.ts";
import { ingest } from "./sources/ingest.ts";
import { inspectSource } from "./sources/source.ts";
import type { Table } from "./types.ts";

const numbers = ({ columns }: Table): Record<string, number[]> => Object.fromEntries(columns.map((column) => [column.name, column.type === "number" ? [...column.values] : [...column.codes]]));

test("a table is read once for the steps of a run, any columns of it; another one is another one", async () => {
  const folder = await temporaryFolder();
  const blobs = openFolderBlobs(join(folder, "blobs"));
  const dataset = async (name: string, csv: string): Promise<IngestOutput> => {
    const source = join(folder, `${name}.csv`);
    await writeFile(source, csv);
    const { path, columns, rows } = await ingest({ source: await inspectSource(source), into: `${source}.parquet` });
    return { file: await blobs.put(await readFile(path)), rows, columns, remarks: [], version: "1", manifest: "" };
  };
  const one = await dataset("one", "a,b,c\n1,2,x\n3,4,y\n");
  const other = await dataset("other", "a,b,c\n5,6,x\n7,8,x\n");
  expect(numbers(await tableOf(one, blobs))).toEqual({ a: [1, 3], b: [2, 4], c: [0, 1] });
  await rm(await blobs.localPath(one.file.sha256));
  expect(numbers(await tableOf(one, blobs, ["c", "a"]))).toEqual({ c: [0, 1], a: [1, 3] });
  await expect(tableOf(one, blobs, ["a", "d"])).rejects.toMatchObject({ code: "data.column_not_found", status: 400 });
  expect(numbers(await tableOf(other, blobs, ["b"]))).toEqual({ b: [6, 8] });
  // Held no more: what is gone is missed.
  await expect(tableOf(one, blobs)).rejects.toMatchObject({ code: "storage.blob_missing" });
});
