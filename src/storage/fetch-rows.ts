import { CompiledQuery } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";
import type { Cell } from "./insert-rows.ts";

/**
 * Rows of a statement that is asked thousands of times a second, past the query builder, whose tree costs more than the answer. `text` is
 * the program's own, with `?` for each value.
 */
export async function fetchRows<R>(db: Database, text: string, values: readonly Cell[]): Promise<readonly R[]> {
  let number = 0;
  const statement = isSqlite(db) ? text : text.replaceAll("?", () => `$${++number}`);
  return (await db.executeQuery<R>(CompiledQuery.raw(statement, [...values]))).rows;
}
