import { sql } from "kysely";
import type { Database } from "./database.ts";
import { digestWithin, textColumns } from "./dialect.ts";

/** The audit log tells what was, not what is: that it names a content keeps nothing. */
const notCounted = new Set(["audit_log"]);

/**
 * Every SHA-256 that stands anywhere in the database, in whatever text column of whatever table, so that no room can forget to say what it
 * needs. What only looks like one keeps a content for nothing, which does no harm.
 */
export async function namedDigests(db: Database): Promise<Set<string>> {
  const named = new Set<string>();
  for (const { table, column } of await textColumns(db)) {
    if (notCounted.has(table)) continue;
    const text = sql<string>`cast(${sql.ref(column)} as text)`;
    const { rows } = await sql<{ text: string }>`select ${text} as text from ${sql.table(table)} where ${digestWithin(db, text)}`.execute(db);
    for (const row of rows) for (const digest of digestsIn(row.text)) named.add(digest);
  }
  return named;
}

/** All runs of 64 hex digits of a text, those within longer ones too. */
export function* digestsIn(text: string): Generator<string> {
  for (const [run] of text.matchAll(/[0-9a-f]{64,}/g)) for (let at = 0; at + 64 <= run.length; at++) yield run.slice(at, at + 64);
}
