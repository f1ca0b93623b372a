import { basename, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { invalid } from "../../errors.ts";
import { literal, queryOne } from "../../storage/duckdb.ts";
import { describeReading } from "../../values/reading.ts";
import { timeBounds } from "../time-range.ts";
import { blockRows, DatasetFileWriter } from "./dataset-file-writer.ts";
import { inspectSource } from "./source.ts";
import type { SourceRemark, TableSource } from "./source.ts";
import { readSource } from "./source-cells.ts";
import type { DatasetColumn, TimeRange } from "../types.ts";

export interface IngestRequest {
  /** A path, or a source inspected before (then the file is not inspected again; it must not have changed since). */
  readonly source: string | TableSource;
  readonly filter?: TimeRange;
  /** Where to write the Parquet file; an existing file is replaced. */
  readonly into: string;
}

/** A Parquet file that holds a table. */
export interface IngestedTable {
  readonly path: string;
  readonly rows: number;
  readonly columns: readonly DatasetColumn[];
  /** What a person should know of how it was read. */
  readonly remarks: readonly SourceRemark[];
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/**
 * Writes a table as one Parquet file (zstd), rows in the order of the source. The same source and filter give the same bytes, so that content addressing
 * stores them once. Readings come from the whole source, whatever the filter leaves of it. A cell that is no value of its column, as it was chosen, is
 * missing and counted.
 *
 * @throws the codes of `inspectSource` and `timeBounds`, and `data.no_rows` when the filter leaves none
 */
export async function ingest({ source, filter, into }: IngestRequest): Promise<IngestedTable> {
  const table = typeof source === "string" ? await inspectSource(source) : source;
  const bounds = timeBounds(filter, table.columns);
  let [first, last] = [Infinity, -Infinity];
  const keeps = bounds && (bounds.from > -Infinity || bounds.until < Infinity) && ((block: readonly { readonly values?: Float64Array }[], row: number): boolean => {
    const value = block[bounds.index].values![row];
    if (value < first) first = value;
    if (value > last) last = value;
    return value >= bounds.from && value < bounds.until;
  });
  const writer = await DatasetFileWriter.create(into, table.columns, { rows: table.rows, ...(keeps && { keeps: keeps as never }) });
  const file = await readSource(table, writer.sinks, () => writer.endRow(), blockRows)
    .then(() => writer.close())
    .catch(async (cause: unknown) => {
      await writer.abandon().catch(() => undefined);
      const said = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
      throw invalid("data.source_unreadable", `${basename(table.path)} cannot be read as it was inspected: ${said}`, { file: table.path });
    });
  if (writer.rows === 0 && filter !== undefined) throw noRows(table, filter, first, last);
  const misfits = [...writer.misfits()].map(([column, count]) => ({
    column,
    message: misfitsOf(table.columns.find(({ name }) => name === column)!, count, table.rows),
  }));
  return { path: into, rows: writer.rows, columns: table.columns, remarks: [...table.remarks, ...misfits], ...file };
}

/** Writes the result of a query as Parquet and says how many rows it had. */
export async function copyToParquet(connection: DuckDBConnection, select: string, into: string): Promise<number> {
  const { Count } = await queryOne<{ Count: number }>(connection, `COPY (${select}) TO ${literal(resolve(into))} (FORMAT parquet, COMPRESSION zstd)`);
  return Count;
}

/** What is said of cells that are no value of their column. */
function misfitsOf({ name, joins, reading }: DatasetColumn, count: number, rows: number): string {
  if (!joins) return `${name}: ${count} of ${rows} cells are no ${describeReading(reading!)}; they are read as missing`;
  if (count < rows) return `${name}: ${joins.join(", ")} are no date together in ${count} of ${rows} rows; it is missing there`;
  throw invalid("data.dates_unusable", `data.dates.${name} joins ${joins.join(", ")}, which are a date together in no row: a year has four digits, a month is 1 to 12 or an English name, a quarter 1 to 4`, { column: name, parts: joins });
}

function noRows(table: TableSource, filter: TimeRange, first: number, last: number): Error {
  const isTime = table.columns.find(({ name }) => name === filter.time)?.type === "timestamp";
  const show = (value: number): string => (isTime ? new Date(value).toISOString() : String(value));
  const wanted = [filter.from === undefined ? "" : ` from ${filter.from}`, filter.until === undefined ? "" : ` until ${filter.until}`].join("");
  const values = first > last ? "it has no value there" : `its values go from ${show(first)} to ${show(last)}`;
  return invalid("data.no_rows", `${basename(table.path)} has no rows with ${filter.time}${wanted}; ${values}.`, { file: table.path, ...filter });
}
