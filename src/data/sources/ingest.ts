import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { DuckDBConnection } from "@duckdb/node-api";
import { invalid } from "../../errors.ts";
import { identifier, literal, queryOne, withConnection } from "../../storage/duckdb.ts";
import { inspectSource, selectSource } from "./source.ts";
import type { TableSource } from "./source.ts";
import { timeCondition } from "../time-range.ts";
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
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
}

/**
 * Writes a table as one Parquet file (zstd), rows in the order of the source. The same source, filter and version of DuckDB give the same
 * bytes, so that content addressing stores them once. Types come from the whole source, whatever the filter leaves of it.
 *
 * @throws the codes of `inspectSource` and `timeCondition`, and `data.no_rows` when the filter leaves none
 */
export async function ingest({ source, filter, into }: IngestRequest): Promise<IngestedTable> {
  const table = typeof source === "string" ? await inspectSource(source) : source;
  const condition = timeCondition(filter, table.columns);
  return await withConnection(async (connection) => {
    const select = `SELECT * FROM (${selectSource(table)}) WHERE ${condition}`;
    const rows = await copyToParquet(connection, select, into).catch((cause: unknown) => {
      const said = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
      throw invalid("data.source_unreadable", `${basename(table.path)} cannot be read as it was inspected: ${said}`, { file: table.path });
    });
    if (rows === 0 && filter !== undefined) throw await noRows(connection, table, filter);
    return { path: into, rows, columns: table.columns, ...(await sizeAndHash(into)) };
  });
}

/** Writes the result of a query as Parquet and says how many rows it had. */
export async function copyToParquet(connection: DuckDBConnection, select: string, into: string): Promise<number> {
  const { Count } = await queryOne<{ Count: number }>(connection, `COPY (${select}) TO ${literal(resolve(into))} (FORMAT parquet, COMPRESSION zstd)`);
  return Count;
}

/** Bytes and SHA-256 (lower-case hex) of a file. */
export async function sizeAndHash(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { size: (await stat(path)).size, sha256: hash.digest("hex") };
}

async function noRows(connection: DuckDBConnection, table: TableSource, filter: TimeRange): Promise<Error> {
  const time = identifier(filter.time);
  const sql = `SELECT min(${time})::VARCHAR AS first, max(${time})::VARCHAR AS last FROM (${selectSource(table)})`;
  const { first, last } = await queryOne<{ first: string | null; last: string | null }>(connection, sql);
  const wanted = [filter.from === undefined ? "" : ` from ${filter.from}`, filter.until === undefined ? "" : ` until ${filter.until}`].join("");
  const message = `${basename(table.path)} has no rows with ${filter.time}${wanted}; its values go from ${first} to ${last}.`;
  return invalid("data.no_rows", message, { file: table.path, ...filter, first, last });
}
