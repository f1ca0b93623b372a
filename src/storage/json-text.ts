import { sql, type Expression } from "kysely";
import type { Database } from "./database.ts";
import { isSqlite } from "./dialect.ts";

/** A member of an object in a column of JSON text, by path, as text: a string without its quotes, anything else as JSON says it; NULL where it is not there. */
export function jsonText(db: Database, column: Expression<unknown>, path: readonly string[]): Expression<unknown> {
  const steps = path.slice(0, -1).map((key) => sql` -> ${key}`);
  const last = path.at(-1)!;
  if (!isSqlite(db)) return sql`(${column}::json${sql.join(steps, sql``)} ->> ${last})`;
  // SQLite turns true into 1.
  const found = sql`${column}${sql.join(steps, sql``)} -> ${last}`;
  return sql`case json_type(${found}) when 'true' then 'true' when 'false' then 'false' else cast(${column}${sql.join(steps, sql``)} ->> ${last} as text) end`;
}
