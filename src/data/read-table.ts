import { existsSync } from "node:fs";
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { invalid } from "../errors.ts";
import { columnNotFound } from "./column-names.ts";
import { memoryOf, readDatasetFile } from "./read-dataset-file.ts";
import { datasetColumns } from "./dataset-file.ts";
import { identifier, literal, pathLiteral, queryOne, withConnection } from "../storage/duckdb.ts";
import { timeCondition } from "./time-range.ts";
import type { Column, DatasetColumn, Table, TimeRange } from "./types.ts";

export interface ReadOptions {
  /** Which columns, in this order; all when absent. */
  readonly columns?: readonly string[];
  readonly filter?: TimeRange;
  /** At most this many rows, taken after ordering. */
  readonly limit?: number;
  /** Ascending by these columns, missing values last; ties keep the order of the file. */
  readonly orderBy?: readonly string[];
  /** Numbers and codes lie in memory that other threads can be given, too. */
  readonly shared?: boolean;
}

/** Above this many distinct values, codes are looked up here instead of spelling the dictionary out in the query. */
const largestEnum = 10_000;

/**
 * Reads a dataset's Parquet file (as `ingest` wrote it) into memory. Numbers are Float64Array with NaN for missing; points in time are
 * numbers, milliseconds since 1970-01-01 UTC; text and booleans ("true", "false") are categories, whose dictionary holds the values that
 * occur in the rows read, sorted by their UTF-8 bytes.
 *
 * @throws `data.column_not_found`, `data.limit_invalid`, `data.not_a_dataset` and the codes of `timeCondition`
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<Table> {
  const { columns: names, filter, limit, orderBy, shared = false } = options;
  const whole = filter === undefined && limit === undefined && orderBy === undefined && existsSync(path) ? await readDatasetFile(path, names, shared).catch(() => undefined) : undefined;
  // What cannot be read here is read, or refused in words, by the database.
  if (whole) return whole;
  return await withConnection(async (connection) => {
    const all = await datasetColumns(connection, path);
    const columns = options.columns === undefined ? all : options.columns.map((name) => findColumn(all, name, "column to read"));
    const from = rowsToRead(path, options, all, columns);
    const dictionaries = await readDictionaries(connection, columns, from);
    const fields = columns.map((column, index) => fieldOf(column, `f${index}`, dictionaries.get(column.name)));
    const { rows } = await queryOne<{ rows: number }>(connection, `SELECT count(*) AS rows FROM ${from}`);
    const filled = columns.map((column, index) => new FilledColumn(column, index, rows, shared, dictionaries.get(column.name)));
    // Chunk by chunk, so that the rows are not in memory twice.
    const result = await connection.stream(`SELECT ${fields.join(", ") || "1"} FROM ${from}`);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) for (const column of filled) column.add(chunk);
    return { rows, columns: filled.map((column) => column.column) };
  });
}

function findColumn(all: readonly DatasetColumn[], name: string, role: string): DatasetColumn {
  const column = all.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  throw columnNotFound(name, all.map((candidate) => candidate.name), role);
}

/** SQL of the rows asked for, with the columns f0, f1 … */
function rowsToRead(path: string, { filter, limit, orderBy }: ReadOptions, all: readonly DatasetColumn[], columns: readonly DatasetColumn[]): string {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) {
    throw invalid("data.limit_invalid", `limit must be a whole number of rows, 0 or more, not ${limit}.`, { limit });
  }
  const list = columns.map(({ name, stored }, index) => `${identifier(name)}${stored === "BOOLEAN" ? "::VARCHAR" : ""} AS f${index}`);
  const keys = orderBy?.map((name) => `${identifier(findColumn(all, name, "orderBy").name)} ASC NULLS LAST`) ?? [];
  const order = keys.length === 0 ? "" : `ORDER BY ${[...keys, "file_row_number"].join(", ")}`;
  const source = `read_parquet(${pathLiteral(path)}, hive_partitioning = false, file_row_number = ${keys.length > 0})`;
  const take = limit === undefined ? "" : `LIMIT ${limit}`;
  return `(SELECT ${list.join(", ") || "1"} FROM ${source} WHERE ${timeCondition(filter, all)} ${order} ${take})`;
}

async function readDictionaries(connection: DuckDBConnection, columns: readonly DatasetColumn[], from: string): Promise<Map<string, string[]>> {
  const lists = columns.flatMap(({ type }, index) =>
    type === "category" ? [`list_sort(coalesce(list(DISTINCT f${index}) FILTER (f${index} IS NOT NULL), [])) AS f${index}`] : [],
  );
  if (lists.length === 0) return new Map();
  const found = await queryOne<Record<string, string[]>>(connection, `SELECT ${lists.join(", ")} FROM ${from}`);
  return new Map(columns.flatMap(({ name, type }, index) => (type === "category" ? [[name, found[`f${index}`]]] : [])));
}

/** SQL that has no NULL and a fixed-width type, so that its chunks can be copied as they are (large dictionaries excepted). */
function fieldOf(column: DatasetColumn, field: string, dictionary: readonly string[] | undefined): string {
  if (column.type === "timestamp") return `coalesce(epoch_ms(${field})::DOUBLE, 'nan'::DOUBLE)`;
  if (dictionary === undefined) return `coalesce(${field}::DOUBLE, 'nan'::DOUBLE)`;
  if (dictionary.length === 0) return "-1::INTEGER";
  if (dictionary.length > largestEnum) return field;
  return `coalesce(enum_code(${field}::ENUM(${dictionary.map(literal).join(", ")}))::INTEGER, -1)`;
}

/** A column that takes its values chunk by chunk. */
class FilledColumn {
  readonly column: Column;
  readonly #index: number;
  /** Of texts that are too many for an enumeration. */
  readonly #codeOf: ReadonlyMap<string, number> | undefined;
  #rows = 0;

  constructor({ name, type }: DatasetColumn, index: number, rows: number, shared: boolean, dictionary: readonly string[] = []) {
    this.#index = index;
    this.column = type === "category" ? { name, type, codes: new Int32Array(memoryOf(4 * rows, shared)), dictionary } : { name, type: "number", values: new Float64Array(memoryOf(8 * rows, shared)) };
    this.#codeOf = dictionary.length > largestEnum ? new Map(dictionary.map((value, code) => [value, code])) : undefined;
  }

  add(chunk: DuckDBDataChunk): void {
    const { column } = this;
    if (column.type === "number") column.values.set(itemsOf<Float64Array>(chunk, this.#index), this.#rows);
    else if (this.#codeOf === undefined) column.codes.set(itemsOf<Int32Array>(chunk, this.#index), this.#rows);
    else for (const [at, value] of (chunk.getColumnValues(this.#index) as (string | null)[]).entries()) column.codes[this.#rows + at] = value === null ? -1 : (this.#codeOf.get(value) ?? -1);
    this.#rows += chunk.rowCount;
  }
}

/** The values where they lie: what the query gives has a fixed width and no NULL. */
const itemsOf = <T>(chunk: DuckDBDataChunk, index: number): T => (chunk.getColumnVector(index) as unknown as { items: T }).items;
