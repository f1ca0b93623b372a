import { existsSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { describeError, MillraceError } from "../../errors.ts";
import { verifyAudit, type AuditTables } from "../../storage/audit.ts";
import { openDatabase, type Database } from "../../storage/database.ts";
import { isSqlite, tableNames } from "../../storage/dialect.ts";
import { withoutPassword } from "../../storage/postgres-errors.ts";
import type { Exam } from "./exam.ts";

/** How many faults of one kind are told. */
const mostTold = 20;

/** What SQLite says of an index that does not fit its table (pragma integrity_check): the rows are whole, and the index follows from them. */
const ofIndex = /^(row \d+ missing from index|wrong # of entries in index|non-unique entry in index)/;

const putBack = "Restore the newest backup into another folder (`millrace restore BACKUP --home DIR`); what came after it `sqlite3 millrace.db .recover` may give";

/** Pages (all of them, each page's own order; with `full` every index against its table), foreign keys, the schema's age, and the chain of the audit log. */
export async function checkDatabase(exam: Exam): Promise<void> {
  const { db } = exam;
  if (!db) return;
  const where = databasePlace(exam.settings);
  let told = "";
  const attempt = async (look: () => Promise<void>): Promise<void> => {
    try {
      await look();
    } catch (error) {
      const what = whatIsWrong(error);
      if (what === told) return;
      told = what;
      exam.find({ check: "database", severity: "error", what, where, todo: isSqlite(db) ? putBack : "Look into PostgreSQL's log; restore a backup into an empty one (`millrace restore`)" });
    }
  };
  if (isSqlite(db)) {
    await attempt(() => checkPages(exam, db, where));
    await attempt(() => checkForeignKeys(exam, db, where));
  } else await attempt(() => checkTables(exam, db));
  await attempt(() => checkSchema(exam, db, where));
  if (exam.full) await attempt(() => checkAudit(exam, db, where));
}

/** In SQLite's own words: the sentence of a server would send people here. */
const whatIsWrong = (error: unknown): string =>
  error instanceof MillraceError && error.code === "storage.database_damaged" && error.cause !== undefined ? `The database is damaged: ${describeError(error.cause)}` : `The database cannot be read: ${describeError(error)}`;

/** The database of these settings, to people. */
export const databasePlace = ({ home, database }: Exam["settings"]): string => (database === null ? join(home, "millrace.db") : withoutPassword(database));

async function checkPages(exam: Exam, db: Database, where: string): Promise<void> {
  const { rows: size } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
  exam.count("database pages", size[0]?.page_count ?? 0);
  const { rows } = await (exam.full ? sql<Record<string, string>>`pragma integrity_check(100)` : sql<Record<string, string>>`pragma quick_check(100)`).execute(db);
  const said = rows.flatMap((row) => Object.values(row)).filter((line) => line !== "ok");
  if (said.length === 0) return;
  const indexes = said.every((line) => ofIndex.test(line));
  exam.find({
    check: "database",
    severity: "error",
    what: `${indexes ? "Indexes of the database do not fit their tables" : "The database is damaged"}: ${said.slice(0, mostTold).join("; ")}`,
    where,
    todo: indexes ? "Have the indexes made anew from their tables, which are whole: stop the server and run `millrace doctor --repair`" : putBack,
    ...(indexes && { repair: { does: "make the indexes anew from their tables", whileRunning: false, act: () => reindex(where) } }),
  });
}

async function reindex(file: string): Promise<void> {
  const db = openDatabase(file);
  try {
    await sql`reindex`.execute(db);
    const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check(1)`.execute(db);
    if (rows[0]?.integrity_check !== "ok") throw new Error(`it is still not whole: ${rows[0]?.integrity_check}`);
  } finally {
    await db.destroy();
  }
}

async function checkForeignKeys(exam: Exam, db: Database, where: string): Promise<void> {
  const { rows } = await sql<{ table: string; parent: string }>`pragma foreign_key_check`.execute(db);
  const kinds = Map.groupBy(rows, ({ table, parent }) => `${table} → ${parent}`);
  for (const [kind, those] of kinds) {
    exam.find({ check: "database", severity: "error", what: `${those.length} rows name rows that are not there (${kind})`, where: `${where}, table ${those[0].table}`, todo: putBack });
  }
}

/** PostgreSQL looks after its own pages: whether it has met a wrong checksum, keys that are not held to, and with `full` whether every row can be read. */
async function checkTables(exam: Exam, db: Database): Promise<void> {
  const { rows: failures } = await sql<{ failures: number | null }>`select checksum_failures as failures from pg_stat_database where datname = current_database()`.execute(db);
  if ((failures[0]?.failures ?? 0) > 0) exam.find({ check: "database", severity: "error", what: `PostgreSQL has met ${failures[0].failures} pages whose checksums are wrong`, where: databasePlace(exam.settings), todo: "Look into its log for the tables; restore a backup into an empty one (`millrace restore`)" });
  const { rows: keys } = await sql<{ name: string; table: string }>`select conname as name, conrelid::regclass::text as "table" from pg_constraint where not convalidated and connamespace = current_schema()::regnamespace`.execute(db);
  for (const { name, table } of keys) exam.find({ check: "database", severity: "warning", what: `The constraint ${name} is not held to by all rows`, where: `table ${table}`, todo: `alter table ${table} validate constraint ${name}` });
  for (const name of await tableNames(db)) {
    exam.count("tables");
    if (!exam.full) continue;
    try {
      await sql`select sum(length(t::text)) from ${sql.table(name)} t`.execute(db);
    } catch (error) {
      exam.find({ check: "database", severity: "error", what: `The table ${name} cannot be read: ${describeError(error)}`, where: `table ${name}`, todo: "Look into PostgreSQL's log; restore a backup into an empty one (`millrace restore`)" });
    }
  }
}

async function checkSchema(exam: Exam, db: Database, where: string): Promise<void> {
  const known = new Set(exam.rooms.flatMap(({ name, migrations }) => (migrations ?? []).map((one) => `${name}/${one.name}`)));
  const { rows } = await sql<{ name: string }>`select name from schema_migrations`.execute(db);
  const newer = rows.map(({ name }) => name).filter((name) => !known.has(name));
  if (newer.length > 0) exam.find({ check: "database", severity: "error", what: `A newer Millrace wrote this (${newer.join(", ")})`, where, todo: "Use that version" });
}

async function checkAudit(exam: Exam, db: Database, where: string): Promise<void> {
  const broken = await verifyAudit(db.withTables<AuditTables>());
  if (broken !== undefined) exam.find({ check: "database", severity: "error", what: `The audit log was changed: the hash of its entry ${broken} does not follow from the ones before`, where: `${where}, table audit_log`, todo: "Find out who wrote to the database; compare it with a backup" });
}

/** The database for reading, or a finding; SQLite's needs a home that can be written, for the index of its log. */
export async function openForReading({ settings, find }: Pick<Exam, "settings" | "find">): Promise<Database | undefined> {
  const where = databasePlace(settings);
  try {
    if (settings.database !== null) return await (await import("../../storage/postgres.ts")).openPostgres(settings.database);
    if (!existsSync(where)) {
      find({ check: "database", severity: "error", what: "The database is not there", where, todo: `${putBack}. If the metadata are in PostgreSQL, say where with --database` });
      return undefined;
    }
    const db = openDatabase(where, { readOnly: true });
    await sql`select count(*) from sqlite_master`.execute(db);
    return db;
  } catch (error) {
    find({ check: "database", severity: "error", what: whatIsWrong(error), where, todo: settings.database === null ? putBack : "Start PostgreSQL, or say where it is with --database" });
    return undefined;
  }
}
