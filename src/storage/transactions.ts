import { CompiledQuery } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";
import { isClash } from "./postgres-errors.ts";

/** How often a transaction is done again that was given up in favour of another. */
const mostTries = 5;

/**
 * Does the work in one transaction: all of it or nothing; inside a transaction it is part of that one. On PostgreSQL it is done again when it
 * clashed with another (a deadlock), so what the work does besides writing must be fit to be done twice.
 */
export async function transact<T>(db: Database, work: (transaction: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (tries >= mostTries || !isClash(error)) throw error;
    }
  }
}

/** Reads at one moment: what others commit meanwhile is not seen. */
export async function readAtOnce<T>(db: Database, read: (transaction: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return read(db);
  const transaction = db.transaction();
  return (isSqlite(db) ? transaction : transaction.setIsolationLevel("repeatable read").setAccessMode("read only")).execute(read);
}

/**
 * Waits until no other transaction has locked this name, and keeps it locked until this one ends: for what is read and then written on the
 * strength of it (the next number of a model's versions). What is read after it is newer than all that held the name before. `shared` ones
 * do not keep each other out. SQLite does one transaction at a time, so there is nothing to lock. Name it `<room>.<what> <which>`.
 */
export async function lock(transaction: Database, name: string, options: { readonly shared?: boolean } = {}): Promise<void> {
  if (isSqlite(transaction)) return;
  const taking = options.shared === true ? "pg_advisory_xact_lock_shared" : "pg_advisory_xact_lock";
  await transaction.executeQuery(CompiledQuery.raw(`select ${taking}(${lockKey("$1::text")})`, [name]));
}

/** A name as the number that PostgreSQL locks: of this schema, for locks are a database's. `text` is the program's own SQL. */
export const lockKey = (text: string): string => `hashtextextended(current_schema() || ' ' || ${text}, 0)`;
