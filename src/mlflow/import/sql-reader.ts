import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

export type Row = Readonly<Record<string, unknown>>;

/** Reads of a database whose columns depend on the version of the program that made it. */
export interface SqlReader {
  has(table: string): boolean;
  column(table: string, column: string): boolean;
  /** Integers come as BigInt: ids of experiments may lie beyond 2^53. */
  rows(sql: string, ...values: unknown[]): Iterator<Row> & Iterable<Row>;
  /** Rows one by one, integers as numbers; throws for one beyond 2^53. */
  stream(sql: string, ...values: unknown[]): Iterable<Row>;
  /** The keys and values of an owner in a table of tags or params; none when there is no such table. */
  pairs(table: string, owner: string, id: unknown, key?: string): Readonly<Record<string, string>>;
}

/** Over one database, which must not change its schema meanwhile; statements stay prepared. */
export function openSqlReader(db: DatabaseSync): SqlReader {
  const columns = new Map<string, ReadonlySet<string>>();
  for (const { name } of db.prepare("select name from sqlite_master where type = 'table'").all()) {
    columns.set(String(name), new Set(db.prepare("select name from pragma_table_info(?)").all(name as string).map((column) => String(column["name"]))));
  }
  const prepared = new Map<string, StatementSync>();
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? db.prepare(sql);
    known.setReadBigInts(true);
    prepared.set(sql, known);
    return known;
  };
  const reader: SqlReader = {
    has: (table) => columns.has(table),
    column: (table, column) => columns.get(table)?.has(column) ?? false,
    rows: (sql, ...values) => statement(sql).all(...(values as SQLInputValue[])).values(),
    stream: (sql, ...values) => db.prepare(sql).iterate(...(values as SQLInputValue[])) as Iterable<Row>,
    pairs: (table, owner, id, key = "key") =>
      reader.has(table) ? Object.fromEntries([...reader.rows(`select * from ${table} where ${owner} = ? order by ${key}`, id)].map((row) => [String(row[key]), String((row["value"] as string | null) ?? "")])) : {},
  };
  return reader;
}
