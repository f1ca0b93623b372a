import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase } from "kysely";

/** The metadata database as rooms see it: Kysely without tables; a room adds its own with `withTables<...>()`. */
// eslint-disable-next-line typescript/no-empty-object-type
export type Database = Kysely<{}>;

/**
 * Opens the SQLite database of a home folder (WAL; FULL sync, so that an acknowledged write survives power loss as well as `kill -9`).
 * Kysely speaks to `node:sqlite` through its better-sqlite3 dialect: the shim below is all the difference there is.
 */
export function openDatabase(file: string): Database {
  if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
  const sqlite = new DatabaseSync(file, { timeout: 10_000 });
  sqlite.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;");
  const database: SqliteDatabase = {
    close: () => sqlite.close(),
    prepare: (sql) => {
      const statement = sqlite.prepare(sql);
      type Binding = Parameters<typeof statement.all>;
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as Binding)),
        run: (parameters) => statement.run(...(parameters as Binding)),
        iterate: (parameters) => statement.iterate(...(parameters as Binding)) as IterableIterator<unknown>,
      };
    },
  };
  return new Kysely({ dialect: new SqliteDialect({ database }) });
}
