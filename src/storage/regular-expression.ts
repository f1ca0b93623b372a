import type { DatabaseSync } from "node:sqlite";
import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";

/** The text contains a match of the regular expression: JavaScript's in SQLite, PostgreSQL's own there. */
export const matchesExpression = (db: Database, text: Expression<unknown>, pattern: string): Expression<SqlBool> =>
  isSqlite(db) ? sql<SqlBool>`${text} regexp ${pattern}` : sql<SqlBool>`${text} ~ ${pattern}`;

/** Gives SQLite its REGEXP, for which it has the word but no function; the last expression stays compiled. */
export function addRegularExpressions(sqlite: DatabaseSync): void {
  let last: { readonly pattern: string; readonly expression: RegExp } | undefined;
  sqlite.function("regexp", { deterministic: true }, (pattern, text) => {
    if (typeof pattern !== "string" || text === null) return null;
    if (last?.pattern !== pattern) last = { pattern, expression: new RegExp(pattern, "u") };
    return Number(last.expression.test(String(text)));
  });
}
