import { freemem } from "node:os";
import type { BlobStore } from "../storage/blobs.ts";
import { columnNotFound } from "./column-names.ts";
import type { IngestOutput } from "./ingest-step.ts";
import { readTable } from "./read-table.ts";
import type { Column, Table } from "./types.ts";

/** The table that this process read last: the steps of a run come one after another, and each needs it. */
let held: { readonly sha256: string; readonly table: Table } | undefined;

/** Tables of more bytes than this part of the free memory are not held. */
const heldPart = 1 / 8;

/**
 * Columns (all where none are named) of a dataset's table as `readTable` gives them, in memory that other threads can be given. The table that was asked
 * for last is held whole, unless it is large: nobody may write into its columns.
 *
 * @throws `data.column_not_found`, and what the artifact store says of a file that is not there or not whole
 */
export async function tableOf({ file, rows, columns: all }: IngestOutput, blobs: BlobStore, columns?: readonly string[]): Promise<Table> {
  if (held?.sha256 !== file.sha256) {
    held = undefined;
    const path = await blobs.localPath(file.sha256, "the table of the dataset");
    const isSmall = rows * all.length * Float64Array.BYTES_PER_ELEMENT <= freemem() * heldPart;
    const table = await readTable(path, { shared: true, ...(!isSmall && columns && { columns }) });
    if (!isSmall) return table;
    held = { sha256: file.sha256, table };
  }
  const { table } = held;
  return columns === undefined ? table : { rows: table.rows, columns: columns.map((name) => columnOf(table, name)) };
}

function columnOf({ columns }: Table, name: string): Column {
  const found = columns.find((column) => column.name === name);
  if (!found) throw columnNotFound(name, columns.map((column) => column.name), "column to read");
  return found;
}
