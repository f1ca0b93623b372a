import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance, JS } from "@duckdb/node-api";

let instance: Promise<DuckDBInstance> | undefined;

/**
 * One in-memory DuckDB per process, opened at first use. One thread: the cores belong to serving and training, and sums of floats and
 * the bytes of a Parquet file then never depend on which thread came first. Files must be readable (it is all DuckDB does here), but
 * nothing is fetched: no extension is installed or loaded by itself, and the settings are locked.
 */
async function openInstance(): Promise<DuckDBInstance> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const opened = await DuckDBInstance.create(":memory:", {
    memory_limit: "512MB",
    // What does not fit in memory spills here and not into the working directory.
    temp_directory: join(tmpdir(), `millrace-duckdb-${process.pid}`),
    threads: "1",
    preserve_insertion_order: "true",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  });
  const connection = await opened.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL lock_configuration = true;");
  connection.closeSync();
  return opened;
}

/** Runs `work` on a connection of its own (its temporary tables are its own too) and closes it. */
export async function withConnection<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  instance ??= openInstance();
  const connection = await (await instance).connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}

/** The rows of a query as plain objects; DuckDB's 64-bit integers become numbers. */
export async function query<Row>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjectsJS().map((row) => withNumbers(row) as Row);
}

/** The one row of an aggregate query. */
export async function queryOne<Row>(connection: DuckDBConnection, sql: string): Promise<Row> {
  const [row] = await query<Row>(connection, sql);
  if (row === undefined) throw new Error("a query that has one row gave none");
  return row;
}

function withNumbers(value: JS): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(withNumbers);
  if (value !== null && typeof value === "object" && !(value instanceof Date) && !ArrayBuffer.isView(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNumbers(inner)]));
  }
  return value;
}

/** A name as an SQL identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as an SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A number as an SQL literal that is exactly it: without an exponent DuckDB reads a DECIMAL, of fewer digits. */
export const double = (value: number): string => `${value.toExponential()}::DOUBLE`;

/** A path as the literal of a table function, which would read `*`, `?` and `[` as patterns. */
export const pathLiteral = (path: string): string => literal(path.replaceAll(/[*?[]/g, "[$&]"));

/** The table function over a Parquet file. */
export const parquet = (path: string): string => `read_parquet(${pathLiteral(path)}, hive_partitioning = false)`;
