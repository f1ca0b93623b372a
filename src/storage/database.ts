import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";
import { addRegularExpressions } from "./regular-expression.ts";

/** The metadata database as rooms see it: Kysely without tables; a room adds its own with `withTables<...>()`. */
// eslint-disable-next-line typescript/no-empty-object-type
export type Database = Kysely<{}>;

/** Statements kept prepared, the oldest given up first. */
const mostPrepared = 200;

/**
 * Opens the SQLite database of a home folder (WAL; FULL sync, so that an acknowledged write survives power loss as well as `kill -9`).
 * Kysely speaks to `node:sqlite` through its better-sqlite3 dialect: the shim below is all the difference there is.
 */
export function openDatabase(file: string): Database {
  if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
  const sqlite = new DatabaseSync(file, { timeout: 10_000 });
  sqlite.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;");
  addRegularExpressions(sqlite);
  // Preparing costs about as much as a short write; SQLite prepares again by itself when the schema changes.
  const prepared = new Map<string, SqliteStatement>();
  const database: SqliteDatabase = {
    close: () => sqlite.close(),
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known) return known;
      const statement = sqlite.prepare(sql);
      type Binding = Parameters<typeof statement.all>;
      const shim: SqliteStatement = {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as Binding)),
        run: (parameters) => statement.run(...(parameters as Binding)),
        // A statement can be walked by one at a time, so a walk has its own.
        iterate: (parameters) => sqlite.prepare(sql).iterate(...(parameters as Binding)) as IterableIterator<unknown>,
      };
      if (prepared.size >= mostPrepared) prepared.delete(prepared.keys().next().value!);
      prepared.set(sql, shim);
      return shim;
    },
  };
  return new Kysely({ dialect: new SqliteDialect({ database }) });
}
