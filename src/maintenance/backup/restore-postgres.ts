import { sql } from "kysely";
import { conflict, MillraceError } from "../../errors.ts";
import type { Database } from "../../storage/database.ts";
import { tableNames } from "../../storage/dialect.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { migrate, type Migration } from "../../storage/migrations.ts";
import { openPostgres } from "../../storage/postgres.ts";
import { transact } from "../../storage/transactions.ts";
import type { BackupStore } from "./backup-store.ts";
import type { DatabaseCopy, TableCopy } from "./manifest.ts";

/**
 * Fills an empty database with the rows of a backup, in one transaction: the schema as it was then (a newer server brings it up to date at its start), then every
 * table after those that it refers to. One that a restore into this home filled
 * (its `note` is there), and that is gone on with as it was cut off, is left as it is. Throws `maintenance.database_not_empty`, `storage.newer_schema`, `maintenance.backup_damaged`.
 */
export async function restorePostgres({ migrations, tables }: DatabaseCopy & { readonly kind: "postgres" }, { note, goesOn }: { readonly note: string; readonly goesOn: boolean }, store: BackupStore, url: string, rooms: readonly { readonly name: string; readonly migrations?: readonly Migration[] }[]): Promise<void> {
  const db = await openPostgres(url);
  try {
    const there = await tableNames(db);
    if (goesOn && there.includes("schema_migrations") && (await noteOf(db)) === note) return;
    if (there.length > 0) throw conflict("maintenance.database_not_empty", `The database has tables already (${there.slice(0, 5).join(", ")}); restore into an empty one, or an empty schema of one`);
    const then = new Set(migrations);
    const known = rooms.map(({ name, migrations: all }) => ({ name, migrations: (all ?? []).filter((one) => then.has(`${name}/${one.name}`)) }));
    const unknown = migrations.filter((name) => !known.some((room) => room.migrations.some((one) => `${room.name}/${one.name}` === name)));
    if (unknown.length > 0) throw new MillraceError("storage.newer_schema", 500, `The backup was made by a newer Millrace (it has the migrations ${unknown.join(", ")}); use that version`);
    await transact(db, async (transaction) => {
      await migrate(transaction, known, 0);
      await sql`truncate ${sql.join(tables.map(({ table }) => sql.table(table)))}`.execute(transaction);
      for (const table of await afterThoseTheyNeed(transaction, tables)) await fill(transaction, store, table);
      await sql`comment on table schema_migrations is ${sql.lit(note)}`.execute(transaction);
    });
  } finally {
    await db.destroy();
  }
}

/** What a table says of itself: what filled it, in the transaction that did. */
const noteOf = async (db: Database): Promise<string | null> => (await sql<{ note: string | null }>`select obj_description('schema_migrations'::regclass, 'pg_class') as note`.execute(db)).rows[0]?.note ?? null;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function fill(transaction: Database, store: BackupStore, { table, columns, rows, pieces }: TableCopy): Promise<void> {
  let filled = 0;
  for (const piece of pieces) {
    const lines = (await store.get(piece)).toString("utf8").split("\n").filter((line) => line !== "");
    await insertRows(transaction, quoted(table), columns.map(quoted), lines.map((line) => JSON.parse(line) as (string | null)[]));
    filled += lines.length;
  }
  if (filled !== rows) throw new MillraceError("maintenance.backup_damaged", 500, `The backup has ${filled} of ${rows} rows of the table ${table}; take an earlier moment (--at), or another backup`);
  // What the database counts up goes on after what is there.
  for (const column of columns) {
    const { rows: counted } = await sql<{ sequence: string | null }>`select pg_get_serial_sequence(${quoted(table)}, ${column}) as sequence`.execute(transaction);
    const sequence = counted[0]?.sequence;
    if (sequence) await sql`select setval(${sequence}::regclass, coalesce(max(${sql.ref(column)}), 1), max(${sql.ref(column)}) is not null) from ${sql.table(table)}`.execute(transaction);
  }
}

/** Tables in an order in which each comes after those that its foreign keys name. */
async function afterThoseTheyNeed(transaction: Database, tables: readonly TableCopy[]): Promise<TableCopy[]> {
  const { rows } = await sql<{ table: string; needs: string }>`
    select c.relname as "table", p.relname as needs from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
      where k.contype = 'f' and k.connamespace = current_schema()::regnamespace and k.conrelid <> k.confrelid`.execute(transaction);
  const done = new Set<string>();
  const ordered: TableCopy[] = [];
  while (ordered.length < tables.length) {
    const ready = tables.filter(({ table }) => !done.has(table) && rows.every((key) => key.table !== table || done.has(key.needs)));
    if (ready.length === 0) throw new Error("tables refer to each other in a circle");
    for (const table of ready) {
      done.add(table.table);
      ordered.push(table);
    }
  }
  return ordered;
}
