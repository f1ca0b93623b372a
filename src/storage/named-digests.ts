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
  for await (const { texts } of textsWithDigests(db)) for (const text of texts) for (const digest of digestsIn(text)) named.add(digest);
  return named;
}

/** Of each text column of what is counted, the values with a digest in them. */
async function* textsWithDigests(db: Database): AsyncGenerator<{ readonly table: string; readonly column: string; readonly texts: readonly string[] }> {
  for (const { table, column } of await textColumns(db)) {
    if (notCounted.has(table)) continue;
    const text = sql<string>`cast(${sql.ref(column)} as text)`;
    const { rows } = await sql<{ text: string }>`select ${text} as text from ${sql.table(table)} where ${digestWithin(db, text)}`.execute(db);
    yield { table, column, texts: rows.map((row) => row.text) };
  }
}

/** All runs of 64 hex digits of a text, those within longer ones too. */
export function* digestsIn(text: string): Generator<string> {
  for (const [run] of text.matchAll(/[0-9a-f]{64,}/g)) for (let at = 0; at + 64 <= run.length; at++) yield run.slice(at, at + 64);
}

/**
 * The contents that rows say are kept, each with the column that says so (`files.sha256`): what stands in a column named for it, or in JSON text as
 * `sha256` beside a `size`. Unlike `namedDigests` it leaves out what may be the hash of something else, so each of these must be there.
 */
export async function keptContents(db: Database): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  for await (const { table, column, texts } of textsWithDigests(db)) {
    const own = column.endsWith("sha256");
    for (const text of texts) for (const sha256 of own ? [text] : filesIn(text)) if (!kept.has(sha256)) kept.set(sha256, `${table}.${column}`);
  }
  return kept;
}

/** The files of JSON text, `{"sha256":…,"size":…}` in either order: what has no size is of a file elsewhere. */
function* filesIn(json: string): Generator<string> {
  for (const [, before, sha256, after] of json.matchAll(/("size":\d+,)?"sha256":"([0-9a-f]{64})"(,"size":\d)?/g)) if (before !== undefined || after !== undefined) yield sha256;
}
