import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, literal, parquet, pathLiteral, query, queryOne } from "../../storage/duckdb.ts";
import type { SourceFile } from "./source-file.ts";
import type { Layout, RawColumn } from "./layout.ts";

/** A column that is not one value a row. */
export interface NestedColumn {
  readonly name: string;
  /** DuckDB's name of its type. */
  readonly type: string;
}

/** How the cells of a Parquet or JSON file are reached, and the columns that have none. Fails with what DuckDB says. */
export async function typedLayout(connection: DuckDBConnection, { path, format }: SourceFile): Promise<{ layout: Layout; nested: NestedColumn[] }> {
  const typed = format === "parquet" ? parquet(path) : `read_json(${pathLiteral(path)}, sample_size = -1)`;
  const described = await query<{ column_name: string; column_type: string }>(connection, `DESCRIBE SELECT * FROM ${typed}`);
  const nested: NestedColumn[] = [];
  const columns: RawColumn[] = [];
  for (const { column_name: name, column_type: type } of described) {
    if (isNested(type)) nested.push({ name, type });
    else columns.push(format === "parquet" ? await parquetColumn(connection, typed, name, type) : { name, select: { kind: "json", sql: `${identifier(name)}::VARCHAR` } });
  }
  // Of JSON the cells are taken as they are written, since types would round large integers and read texts as dates.
  const asWritten = `read_json(${pathLiteral(path)}, columns = {${described.map(({ column_name: name }) => `${literal(name)}: 'JSON'`).join(", ")}})`;
  return { layout: { path, from: format === "parquet" ? typed : asWritten, columns }, nested };
}

const isNested = (type: string): boolean => /^(STRUCT|MAP|UNION|BLOB|BIT|GEOMETRY|VARIANT)|\]$/.test(type);

async function parquetColumn(connection: DuckDBConnection, from: string, name: string, type: string): Promise<RawColumn> {
  const column = identifier(name);
  const double = (sql: string): string => `coalesce((${sql})::DOUBLE, 'nan'::DOUBLE)`;
  const number = (sql: string, floats: boolean): RawColumn => ({ name, floats, select: { kind: "number", sql: double(sql) } });
  const time = (sql: string, typed: "date" | "timestamp"): RawColumn => ({ name, typed, select: { kind: "time", sql: double(`epoch_us(${sql}) / 1000`) } });
  const text = (sql: string, typed?: "boolean"): RawColumn => ({ name, ...(typed && { typed }), select: { kind: "text", sql: `(${sql})::VARCHAR` } });
  if (/^(U?(TINYINT|SMALLINT|INTEGER))$/.test(type)) return number(column, false);
  if (/^(U?(BIGINT|HUGEINT))$|^DECIMAL\(\d+,0\)$/.test(type)) {
    const { unsafe } = await queryOne<{ unsafe: boolean | null }>(
      connection,
      `SELECT max(${column}) > ${Number.MAX_SAFE_INTEGER} OR min(${column}) < ${Number.MIN_SAFE_INTEGER} AS unsafe FROM ${from}`,
    );
    return unsafe === true ? text(column) : number(column, false);
  }
  if (/^(DOUBLE|FLOAT|DECIMAL\(.*\))$/.test(type)) return number(column, true);
  if (type === "BOOLEAN") return text(column, "boolean");
  if (type === "DATE") return time(`${column}::TIMESTAMP`, "date");
  if (type.startsWith("TIMESTAMP")) return time(column, "timestamp");
  return text(column);
}
