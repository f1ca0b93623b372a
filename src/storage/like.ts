import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";

/**
 * `text LIKE pattern` that tells upper from lower case, with `%` and `_` and no escape character. SQLite's LIKE does not tell them
 * apart; its GLOB does.
 */
export function likeExactly(db: Database, text: Expression<unknown>, pattern: string): Expression<SqlBool> {
  if (!isSqlite(db)) return sql<SqlBool>`${text} like ${pattern} escape ''`;
  const glob = pattern.replaceAll(/[[*?%_]/g, (mark) => (mark === "%" ? "*" : mark === "_" ? "?" : `[${mark}]`));
  return sql<SqlBool>`${text} glob ${glob}`;
}

/** The same without telling A–Z from a–z; other letters are told apart, as SQLite has it. */
export function likeInAnyCase(db: Database, text: Expression<unknown>, pattern: string): Expression<SqlBool> {
  if (isSqlite(db)) return sql<SqlBool>`lower(${text}) like lower(${pattern})`;
  return sql<SqlBool>`lower(${text} collate "C") like lower(${pattern}::text collate "C") escape ''`;
}
