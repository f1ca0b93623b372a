import { basename } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { invalid } from "../../errors.ts";
import { missingMarkers } from "./cell-types.ts";
import { inspectCsv, selectCsv } from "./csv-source.ts";
import { sniffCsv } from "./csv-dialect.ts";
import type { CsvDialect } from "./csv-dialect.ts";
import { identifier, parquet, pathLiteral, query, queryOne, withConnection } from "../../storage/duckdb.ts";
import { openSource } from "./source-file.ts";
import type { SourceFile, SourceFormat } from "./source-file.ts";
import { columnType } from "../types.ts";
import type { DatasetColumn, StoredType } from "../types.ts";

/** A table's file and everything that was decided about reading it; plain data, so that a decision can be stored and repeated. */
export interface TableSource {
  /** Absolute path. */
  readonly path: string;
  readonly format: SourceFormat;
  /** Bytes. */
  readonly size: number;
  readonly rows: number;
  readonly columns: readonly DatasetColumn[];
  /** Delimited text only. */
  readonly dialect?: CsvDialect;
}

/** What the caller knows better than the file tells; delimited text only. */
export interface SourceOptions {
  readonly header?: boolean;
  /** One ASCII character. */
  readonly delimiter?: string;
  /** What stands for a missing value, instead of `missingMarkers`; the empty value always does. */
  readonly missing?: readonly string[];
}

/**
 * Opens a table's file (.csv .tsv .tab .txt .data, .parquet .pq, .json .jsonl .ndjson) and decides how to read it: delimiter, header,
 * decimal separator, and from every row the name and type of each column. Values of delimited text are trimmed; an empty value and the
 * `missingMarkers` are missing. Whole numbers are BIGINT (DOUBLE as soon as one has a fraction; text when they exceed 2^53, so that
 * identifiers are not rounded), ISO dates DATE, ISO dates with a time TIMESTAMP in UTC, true/false BOOLEAN, the rest VARCHAR. A column
 * without any value is VARCHAR.
 *
 * @throws the codes of `openSource`, `data.header_only`, `data.ragged_rows`, `data.open_quote`, `data.nested_column`,
 * `data.delimiter_invalid`
 */
export async function inspectSource(path: string, options: SourceOptions = {}): Promise<TableSource> {
  const file = await openSource(path);
  return await withConnection(async (connection) => {
    const described = file.format === "csv" ? await describeCsv(connection, file, options) : await describeTyped(connection, file);
    return { path: file.path, format: file.format, size: file.size, ...described };
  });
}

async function describeCsv(connection: DuckDBConnection, file: SourceFile, options: SourceOptions) {
  const { delimiter, header } = options;
  if (delimiter !== undefined && !/^[\t\x20-\x21\x23-\x7e]$/.test(delimiter)) {
    const message = `The delimiter must be one ASCII character other than a quote, not ${JSON.stringify(delimiter)}.`;
    throw invalid("data.delimiter_invalid", message, { delimiter });
  }
  const missing = options.missing === undefined ? missingMarkers : ["", ...options.missing];
  const sniffed = sniffCsv(file.head.toString("utf8"), file.head.length === file.size, { delimiter, header, missing });
  if (sniffed.sample.length === 0) {
    throw invalid("data.source_unreadable", `${basename(file.path)} has no line end in its first ${file.head.length} bytes.`, { file: file.path });
  }
  return { ...(await inspectCsv(connection, file, sniffed)), dialect: sniffed.dialect };
}

/** Parquet and JSON carry types of their own. */
async function describeTyped(connection: DuckDBConnection, file: SourceFile) {
  const from = fileTable(file.path, file.format);
  try {
    const described = await query<{ column_name: string; column_type: string }>(connection, `DESCRIBE SELECT * FROM ${from}`);
    const columns = described.map(({ column_name: name, column_type: type }) => typedColumn(file.path, name, type));
    const { rows } = await queryOne<{ rows: number }>(connection, `SELECT count(*) AS rows FROM ${from}`);
    if (rows === 0) throw invalid("data.source_empty", `${basename(file.path)} holds no rows.`, { file: file.path });
    return { columns, rows };
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name === "MillraceError") throw cause;
    const said = cause.message.split("\n")[0];
    throw invalid("data.source_unreadable", `${basename(file.path)} cannot be read as ${file.format}: ${said}`, { file: file.path });
  }
}

function fileTable(path: string, format: SourceFormat): string {
  return format === "parquet" ? parquet(path) : `read_json(${pathLiteral(path)}, sample_size = -1)`;
}

function typedColumn(path: string, name: string, type: string): DatasetColumn {
  const stored = storedType(type);
  if (stored === undefined) {
    const message = `Column "${name}" of ${basename(path)} holds ${type}, which is not one value per row. Flatten it into columns of its own.`;
    throw invalid("data.nested_column", message, { file: path, column: name, type });
  }
  return { name, type: columnType(stored), stored };
}

function storedType(type: string): StoredType | undefined {
  if (/^(U?(TINYINT|SMALLINT|INTEGER)|BIGINT)$/.test(type)) return "BIGINT";
  if (/^(DOUBLE|FLOAT|DECIMAL\(.*\)|UBIGINT|U?HUGEINT)$/.test(type)) return "DOUBLE";
  if (/^(VARCHAR|JSON|UUID|TIME.*|INTERVAL|ENUM\(.*\))$/.test(type) && !type.startsWith("TIMESTAMP")) return "VARCHAR";
  if (type === "BOOLEAN" || type === "DATE") return type;
  return type.startsWith("TIMESTAMP") ? "TIMESTAMP" : undefined;
}

/** SQL that reads a source with the decided names and types; missing values are NULL, in numbers too. */
export function selectSource(source: TableSource): string {
  if (source.dialect !== undefined) return selectCsv(source.path, source.dialect, source.columns);
  const list = source.columns.map(({ name, stored }) => {
    const column = identifier(name);
    if (stored === "DOUBLE") return `nullif(${column}::DOUBLE, 'nan'::DOUBLE) AS ${column}`;
    if (stored === "VARCHAR") {
      // Values of several types, or none, are JSON to DuckDB, whose plain cast would keep the quotes.
      const text = source.format === "json" ? `(to_json(${column}) ->> '$')` : `${column}::VARCHAR`;
      return `nullif(${text}, '') AS ${column}`;
    }
    return `${column}::${stored} AS ${column}`;
  });
  return `SELECT ${list.join(", ")} FROM ${fileTable(source.path, source.format)}`;
}
