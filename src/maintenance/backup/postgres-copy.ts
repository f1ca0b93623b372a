import { sql } from "kysely";
import type { Database } from "../../storage/database.ts";
import { tableNames } from "../../storage/dialect.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import type { BackupStore } from "./backup-store.ts";
import type { DatabaseCopy, TableCopy } from "./manifest.ts";

/** Rows that are asked for at a time, and bytes of lines that are put away together. */
const rowsAtOnce = 2000;
const pieceBytes = 1 << 20;

/**
 * Copies every table of the schema we use as it is at one moment, in the transaction that is given (repeatable read): rows in the order of their primary keys, as lines of JSON
 * with PostgreSQL's own text of each value, so that a piece without a changed row is the one of the backup before.
 */
export async function copyPostgres(transaction: Database, store: BackupStore): Promise<DatabaseCopy> {
  const { rows } = await sql<{ name: string }>`select name from schema_migrations order by name`.execute(transaction);
  const tables: TableCopy[] = [];
  for (const table of await tableNames(transaction)) tables.push(await copyTable(transaction, store, table));
  return { kind: "postgres", migrations: rows.map(({ name }) => name), tables };
}

async function copyTable(transaction: Database, store: BackupStore, table: string): Promise<TableCopy> {
  const { rows: named } = await sql<{ name: string; key: number | null }>`
    select a.attname as name, array_position(i.indkey::int2[], a.attnum) as key from pg_attribute a
      left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
      where a.attrelid = ${table}::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`.execute(transaction);
  const columns = named.map(({ name }) => name);
  const keys = named.filter(({ key }) => key !== null).toSorted((one, other) => one.key! - other.key!).map(({ name }) => sql.ref(name));
  const texts = sql.join(columns.map((name) => sql`${sql.ref(name)}::text`));
  const order = keys.length > 0 ? sql`order by ${sql.join(keys)}` : sql``;
  await sql`declare millrace_backup no scroll cursor for select json_build_array(${texts})::text as line from ${sql.table(table)} ${order}`.execute(transaction);
  const pieces: BlobInfo[] = [];
  let [count, lines, bytes] = [0, [] as string[], 0];
  const put = async (): Promise<void> => {
    if (lines.length > 0) pieces.push(await store.put(Buffer.from(lines.join(""))));
    [lines, bytes] = [[], 0];
  };
  for (;;) {
    const { rows } = await sql<{ line: string }>`fetch ${sql.lit(rowsAtOnce)} from millrace_backup`.execute(transaction);
    for (const { line } of rows) {
      lines.push(`${line}\n`);
      bytes += line.length;
      if (bytes >= pieceBytes) await put();
    }
    count += rows.length;
    if (rows.length < rowsAtOnce) break;
  }
  await put();
  await sql`close millrace_backup`.execute(transaction);
  return { table, columns, rows: count, pieces };
}
