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
