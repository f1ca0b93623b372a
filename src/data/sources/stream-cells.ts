import type { DuckDBDataChunk } from "@duckdb/node-api";
import { identifier, withConnection } from "../../storage/duckdb.ts";
import type { CellSink } from "../columns/cell-sink.ts";
import type { Layout, RawColumn } from "./layout.ts";
import { scanCsv } from "./scan-csv.ts";

/** Called after each row, with its line where the source has lines; what it returns is waited for before the next row. */
export type OnRow = (line: number) => void | Promise<void>;

/**
 * Hands every cell of a table's file to the sink of its column, row by row. Says how many rows there were.
 *
 * @throws `CsvFault` for delimited text that cannot be read, what DuckDB says of other files
 */
export async function streamCells(layout: Layout, sinks: readonly CellSink[], onRow?: OnRow): Promise<number> {
  if (layout.csv) return (await scanCsv(layout.path, { ...layout.csv, ...(onRow && { onRow }) }, sinks)).rows;
  let rows = 0;
  await eachChunk(layout, 0, async (chunk) => {
    const readers = layout.columns.map((column, index) => cellReader(column, chunk, index, sinks[index]));
    for (let row = 0; row < chunk.rowCount; row++) {
      for (const read of readers) read(row);
      rows++;
      const pause = onRow?.(rows);
      if (pause) await pause;
    }
  });
  return rows;
}

/** Hands the rows of a typed file behind the first `skip` over chunk by chunk, its columns in the order of the layout's; what `take` returns is waited for. Fails with what DuckDB says. */
export async function eachChunk({ columns, from = "" }: Layout, skip: number, take: (chunk: DuckDBDataChunk) => Promise<void>): Promise<void> {
  await withConnection(async (connection) => {
    const list = columns.map(({ name, select }, index) => `${select?.sql ?? identifier(name)} AS c${index}`);
    const result = await connection.stream(`SELECT ${list.join(", ") || "1"} FROM ${from}${skip > 0 ? ` OFFSET ${skip}` : ""}`);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) await take(chunk);
  });
}

/** Hands the cell of a row to the column's sink. */
function cellReader({ select }: RawColumn, chunk: DuckDBDataChunk, index: number, sink: CellSink): (row: number) => void {
  if (select?.kind === "number" || select?.kind === "time") {
    // The select leaves no NULL, so the values can be read where they lie.
    const { items } = chunk.getColumnVector(index) as unknown as { items: Float64Array };
    return select.kind === "time" ? (row) => sink.time(items[row]) : (row) => sink.number(items[row]);
  }
  const texts = chunk.getColumnValues(index) as (string | null)[];
  const take = select?.kind === "json" ? jsonCell : (text: string) => sink.text(text);
  return (row) => {
    const text = texts[row];
    if (text === null) sink.missing();
    else take(text, sink);
  };
}

/** A cell of JSON, of which numbers keep their digits. */
function jsonCell(text: string, sink: CellSink): void {
  if (text === "null") sink.missing();
  else sink.text(text.startsWith('"') ? (JSON.parse(text) as string) : text);
}
