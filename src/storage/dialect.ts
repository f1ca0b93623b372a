import { SqliteAdapter, type ColumnDefinitionBuilder, type CreateTableBuilder, type Kysely, sql } from "kysely";

/** What SQL cannot say portably is said once for each database, in this folder only. */
export const isSqlite = (db: Pick<Kysely<unknown>, "getExecutor">): boolean => db.getExecutor().adapter instanceof SqliteAdapter;

/** Keeps a table's rows in its primary key, where the database can: half the size of a table and an index beside it. */
export const clustered = <T extends string, C extends string>(db: Kysely<unknown>, table: CreateTableBuilder<T, C>): CreateTableBuilder<T, C> =>
  isSqlite(db) ? table.modifyEnd(sql`without rowid`) : table;

/** An integer primary key that the database counts up. */
export const counted = (db: Kysely<unknown>) => (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
  isSqlite(db) ? column.primaryKey() : column.primaryKey().generatedByDefaultAsIdentity();
