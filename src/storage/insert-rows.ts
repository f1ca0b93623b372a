import { CompiledQuery } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";

export type Cell = string | number | null;

/** Bindings that one statement may hold, well below what SQLite (32 766) and PostgreSQL (65 535) take. */
const mostBindings = 10_000;

/**
 * Inserts many rows with as few statements as may be, past the query builder, whose tree of a thousand rows costs more than the rows.
 * `ending` is what follows the values (`on conflict do nothing`); table, columns and ending are the program's own text, never input.
 */
export async function insertRows(db: Database, table: string, columns: readonly string[], rows: readonly (readonly Cell[])[], ending = ""): Promise<void> {
  const width = columns.length;
  const most = Math.floor(mostBindings / width);
  for (let from = 0; from < rows.length; from += most) {
    const part = rows.slice(from, from + most);
    const question = isSqlite(db) ? () => "?" : (index: number) => `$${index + 1}`;
    const values = part.map((row, index) => `(${row.map((_, column) => question(index * width + column)).join(", ")})`).join(", ");
    await db.executeQuery(CompiledQuery.raw(`insert into ${table} (${columns.join(", ")}) values ${values} ${ending}`, part.flat()));
  }
}
