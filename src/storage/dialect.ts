import {
  OperationNodeTransformer,
  RawNode,
  SqliteAdapter,
  sql,
  type ColumnDefinitionBuilder,
  type CreateTableBuilder,
  type DataTypeNode,
  type Expression,
  type Kysely,
  type KyselyPlugin,
  type SqlBool,
} from "kysely";

/** What SQL cannot say portably is said once for each database, in this folder only. */
export const isSqlite = (db: Pick<Kysely<unknown>, "getExecutor">): boolean => db.getExecutor().adapter instanceof SqliteAdapter;

/** Keeps a table's rows in its primary key, where the database can: half the size of a table and an index beside it. */
export const clustered = <T extends string, C extends string>(db: Kysely<unknown>, table: CreateTableBuilder<T, C>): CreateTableBuilder<T, C> =>
  isSqlite(db) ? table.modifyEnd(sql`without rowid`) : table;

/** An integer primary key that the database counts up. */
export const counted = (db: Kysely<unknown>) => (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
  isSqlite(db) ? column.primaryKey() : column.primaryKey().generatedByDefaultAsIdentity();

/** A number to compare a column of whole numbers with, which may itself be none (`start_time > 1.5`): PostgreSQL takes it for the column's type. */
export const anyNumber = (db: Pick<Kysely<unknown>, "getExecutor">, value: number): Expression<number> =>
  isSqlite(db) ? sql<number>`${value}` : sql<number>`${value}::double precision`;

/**
 * Texts are compared and sorted by their bytes (as UTF-8), whatever the language of the database: SQLite does so by itself, on PostgreSQL
 * every text column of a migration gets the collation "C". Searches and orders then agree, and so do their indexes.
 */
export const binaryTexts: KyselyPlugin = {
  transformQuery: ({ node }) => collating.transformNode(node),
  transformResult: ({ result }) => Promise.resolve(result),
};

class Collating extends OperationNodeTransformer {
  protected override transformDataType(node: DataTypeNode): DataTypeNode {
    return node.dataType === "text" ? (RawNode.createWithSql(`text collate "C"`) as unknown as DataTypeNode) : node;
  }
}

const collating = new Collating();

/** Whether a text holds 64 hex digits (a SHA-256) in a row. */
export const digestWithin = (db: Pick<Kysely<unknown>, "getExecutor">, text: Expression<string>): Expression<SqlBool> =>
  isSqlite(db) ? sql<SqlBool>`length(${text}) >= 64 and ${text} glob ${`*${"[0-9a-f]".repeat(64)}*`}` : sql<SqlBool>`${text} ~ '[0-9a-f]{64}'`;

/**
 * The columns of all tables that hold text. On PostgreSQL those of the schema we use: other schemas are not ours, and what looks into all
 * of them (as Kysely's introspection does) fails when another session drops a table meanwhile.
 */
export async function textColumns(db: Pick<Kysely<unknown>, "getExecutor">): Promise<{ table: string; column: string }[]> {
  const columns = isSqlite(db)
    ? sql<{ table: string; column: string; type: string }>`select m.name as "table", p.name as "column", p.type as "type"
        from sqlite_master m, pragma_table_info(m.name) p where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\'`
    : sql<{ table: string; column: string; type: string }>`select table_name as "table", column_name as "column", data_type as "type"
        from information_schema.columns natural join information_schema.tables
        where table_schema = current_schema() and table_type = 'BASE TABLE'`;
  const { rows } = await columns.execute(db);
  return rows.filter(({ type }) => /text|char|json|clob/i.test(type)).map(({ table, column }) => ({ table, column }));
}

/** The tables of the schema we use, in the order of their names. */
export async function tableNames(db: Pick<Kysely<unknown>, "getExecutor">): Promise<string[]> {
  const names = isSqlite(db)
    ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name`
    : sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1`;
  return (await names.execute(db)).rows.map(({ name }) => name);
}
