import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, literal, pathLiteral, withConnection } from "../storage/duckdb.ts";

/** Rows of a dataset as a file for other programs. */
export interface RowExport {
  /** The dataset's Parquet file. */
  readonly file: string;
  /** Its columns that are wanted, in this order. */
  readonly columns: readonly string[];
  /** Which rows, in the order of the file; null: all. */
  readonly rows: Uint32Array | null;
  readonly format: "parquet" | "csv";
  readonly into: string;
}

/** Writes rows of a dataset, with the types they are stored in, as a Parquet file or as CSV with a header (a missing value is an empty cell). */
export async function exportRows({ file, columns, rows, format, into }: RowExport): Promise<void> {
  await withConnection(async (connection) => {
    const list = columns.map(identifier).join(", ");
    const source = `read_parquet(${pathLiteral(file)}, hive_partitioning = false, file_row_number = ${rows !== null})`;
    if (rows !== null) await fillChosen(connection, rows);
    const select = `SELECT ${list} FROM ${source} ${rows === null ? "" : "WHERE file_row_number IN (SELECT row FROM chosen)"}`;
    await connection.run(`COPY (${select}) TO ${literal(into)} (${format === "parquet" ? "FORMAT parquet, COMPRESSION zstd" : "FORMAT csv, HEADER"})`);
  });
}

async function fillChosen(connection: DuckDBConnection, rows: Uint32Array): Promise<void> {
  await connection.run("CREATE TEMP TABLE chosen (row BIGINT)");
  const appender = await connection.createAppender("chosen", null, "temp");
  for (const row of rows) {
    appender.appendBigInt(BigInt(row));
    appender.endRow();
  }
  appender.closeSync();
}
