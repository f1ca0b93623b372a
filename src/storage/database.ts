import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, SqliteDialect, type SqliteDatabase, type SqliteStatement } from "kysely";
import { addRegularExpressions } from "./regular-expression.ts";
import { DamageWatch, databaseDamaged, provideWatch } from "./damage.ts";
import { explainOpening, explainSqlite, isDamage, isReadOnly } from "./sqlite-errors.ts";

/** The metadata database as rooms see it: Kysely without tables; a room adds its own with `withTables<...>()`. */
// eslint-disable-next-line typescript/no-empty-object-type
export type Database = Kysely<{}>;

function openSqlite(file: string, readOnly: boolean): DatabaseSync {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(file, { timeout: 10_000, readOnly });
    if (!readOnly) sqlite.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;");
    return sqlite;
  } catch (error) {
    sqlite?.close();
    throw explainOpening(error, file);
  }
}

/** Statements kept prepared, the oldest given up first. */
const mostPrepared = 200;

/**
 * Opens the SQLite database of a home folder (WAL; FULL sync, so that an acknowledged write survives power loss as well as `kill -9`).
 * The first sign of damage, here or in a check of all pages, freezes it: `damage.ts`. Throws `storage.bad_database` where the file is no database or may not be written; every statement throws `storage.disk_full`, `storage.database_damaged` and
 * `storage.database_failed` where the machine fails under it, and nothing of its transaction is kept then. Kysely speaks to `node:sqlite` through its better-sqlite3 dialect: the shim below is all the difference there is.
 */
export function openDatabase(file: string, { readOnly = false }: { readonly readOnly?: boolean } = {}): Database {
  if (file !== ":memory:" && !readOnly) mkdirSync(dirname(file), { recursive: true });
  const sqlite = openSqlite(file, readOnly);
  addRegularExpressions(sqlite);
  // Some failures (a full disk, I/O, memory, an interrupt) roll a transaction back by themselves: what is still asked in it is refused for the same reason, since
  // it would be done on its own, and there is nothing left to roll back.
  const watch = new DamageWatch(file, () => sqlite.exec("pragma query_only = on"));
  let began = false;
  let lost: unknown;
  const guarded = <T>(sql: string, act: () => T): T => {
    if (began && !sqlite.isTransaction && lost !== undefined && sql !== "rollback") throw lost;
    try {
      return act();
    } catch (error) {
      if (isDamage(error)) watch.note((error as Error).message);
      const explained = watch.damage && isReadOnly(error) ? databaseDamaged(file, watch.damage.what) : explainSqlite(error, file);
      if (began && !sqlite.isTransaction) lost ??= explained;
      throw explained;
    }
  };
  const run = (sql: string, act: () => { changes: number | bigint; lastInsertRowid: number | bigint }): { changes: number | bigint; lastInsertRowid: number | bigint } => {
    const over = sql === "rollback" && !sqlite.isTransaction;
    try {
      const done = over ? { changes: 0, lastInsertRowid: 0 } : guarded(sql, act);
      if (sql.startsWith("begin")) began = true;
      return done;
    } finally {
      if (sql === "rollback" || (sql === "commit" && !sqlite.isTransaction && lost === undefined)) {
        began = false;
        lost = undefined;
      }
    }
  };
  // Preparing costs about as much as a short write; SQLite prepares again by itself when the schema changes.
  const prepared = new Map<string, SqliteStatement>();
  const database: SqliteDatabase = {
    close: () => sqlite.close(),
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known) return known;
      const statement = guarded(sql, () => sqlite.prepare(sql));
      type Binding = Parameters<typeof statement.all>;
      const shim: SqliteStatement = {
        reader: statement.columns().length > 0,
        all: (parameters) => guarded(sql, () => statement.all(...(parameters as Binding))),
        run: (parameters) => run(sql, () => statement.run(...(parameters as Binding))),
        // A statement can be walked by one at a time, so a walk has its own.
        iterate: (parameters) => guarded(sql, () => sqlite.prepare(sql).iterate(...(parameters as Binding))) as IterableIterator<unknown>,
      };
      if (prepared.size >= mostPrepared) prepared.delete(prepared.keys().next().value!);
      prepared.set(sql, shim);
      return shim;
    },
  };
  const db: Database = new Kysely({ dialect: new SqliteDialect({ database }) });
  provideWatch(db, watch);
  return db;
}
