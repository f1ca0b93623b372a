import type { DatabaseSync } from "node:sqlite";
import { setFlagsFromString } from "node:v8";
import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";

/** The text contains a match of the regular expression: JavaScript's in SQLite, PostgreSQL's own there. */
export const matchesExpression = (db: Database, text: Expression<unknown>, pattern: string): Expression<SqlBool> =>
  isSqlite(db) ? sql<SqlBool>`${text} regexp ${pattern}` : sql<SqlBool>`${text} ~ ${pattern}`;

/**
 * A regular expression whose matching takes time in proportion to the text, whatever the pattern: V8's engine without backtracking (its flag
 * `l`). Throws a SyntaxError for a pattern that needs backtracking (back references, looking ahead or behind, `\\p{…}`).
 */
export function linearExpression(pattern: string): RegExp {
  setFlagsFromString("--enable-experimental-regexp-engine");
  // V8 knows this flag once the engine is switched on.
  // eslint-disable-next-line no-invalid-regexp
  return new RegExp(pattern, "l");
}

/** Gives SQLite its REGEXP, for which it has the word but no function; the last expression stays compiled. */
export function addRegularExpressions(sqlite: DatabaseSync): void {
  let last: { readonly pattern: string; readonly expression: RegExp } | undefined;
  sqlite.function("regexp", { deterministic: true }, (pattern, text) => {
    if (typeof pattern !== "string" || text === null) return null;
    if (last?.pattern !== pattern) last = { pattern, expression: linearExpression(pattern) };
    return Number(last.expression.test(String(text)));
  });
}
