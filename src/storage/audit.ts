import type { Kysely } from "kysely";
import { hashOf } from "../canonical-json.ts";
import type { Database } from "./database.ts";
import type { Migration } from "./migrations.ts";
import { lock } from "./transactions.ts";

/** Who did what to what, when and why; each entry's hash covers the one before it, so that a change to the past shows. */
export interface AuditEntry {
  readonly seq: number;
  readonly time: number;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly previousHash: string;
  readonly hash: string;
}

export type AuditTables = {
  audit_log: {
    seq: number;
    time: number;
    actor: string;
    action: string;
    object: string;
    reason: string;
    details: string;
    previous_hash: string;
    hash: string;
  };
}

export const auditMigrations: readonly Migration[] = [
  {
    name: "0001-audit-log",
    up: async (db) => {
      await db.schema
        .createTable("audit_log")
        .addColumn("seq", "integer", (column) => column.primaryKey())
        .addColumn("time", "bigint", (column) => column.notNull())
        .addColumn("actor", "text", (column) => column.notNull())
        .addColumn("action", "text", (column) => column.notNull())
        .addColumn("object", "text", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .addColumn("details", "text", (column) => column.notNull())
        .addColumn("previous_hash", "text", (column) => column.notNull())
        .addColumn("hash", "text", (column) => column.notNull())
        .execute();
      await db.schema.createIndex("audit_log_object").on("audit_log").column("object").execute();
    },
  },
];

const firstHash = "0".repeat(64);

/** Appends an entry; call it in the transaction that makes the change, so that neither is there without the other. */
export async function appendAudit(
  transaction: Database,
  entry: Omit<AuditEntry, "seq" | "previousHash" | "hash">,
): Promise<void> {
  const tables = transaction.withTables<AuditTables>();
  // Held until the transaction ends, so that the next entry follows this one and none is missing between.
  await lock(transaction, "storage.audit");
  const last = await tables.selectFrom("audit_log").select(["seq", "hash"]).orderBy("seq", "desc").limit(1).executeTakeFirst();
  const body = { ...entry, seq: (last?.seq ?? 0) + 1, previousHash: last?.hash ?? firstHash };
  await tables
    .insertInto("audit_log")
    .values({
      seq: body.seq,
      time: body.time,
      actor: body.actor,
      action: body.action,
      object: body.object,
      reason: body.reason,
      details: JSON.stringify(body.details),
      previous_hash: body.previousHash,
      hash: hashOf(body),
    })
    .execute();
}

/** The newest entries first, of one object or of all. */
export async function readAudit(db: Database, filter: { object?: string; limit?: number } = {}): Promise<AuditEntry[]> {
  let query = db.withTables<AuditTables>().selectFrom("audit_log").selectAll().orderBy("seq", "desc").limit(filter.limit ?? 200);
  if (filter.object !== undefined) query = query.where("object", "=", filter.object);
  return (await query.execute()).map(entryOf);
}

const entryOf = ({ previous_hash, ...row }: AuditTables["audit_log"]): AuditEntry => ({
  ...row,
  details: JSON.parse(row.details) as Record<string, unknown>,
  previousHash: previous_hash,
});

/** The number of the newest entry; 0 for none. In a transaction that has appended one, it is that one's. */
export async function lastAuditSeq(db: Database): Promise<number> {
  const last = await db.withTables<AuditTables>().selectFrom("audit_log").select("seq").orderBy("seq", "desc").limit(1).executeTakeFirst();
  return last?.seq ?? 0;
}

/** The entries after one, in order: how what follows the log goes on where it was. */
export async function readAuditAfter(db: Database, seq: number, limit: number): Promise<AuditEntry[]> {
  const rows = await db.withTables<AuditTables>().selectFrom("audit_log").selectAll().where("seq", ">", seq).orderBy("seq").limit(limit).execute();
  return rows.map(entryOf);
}

/** Walks the chain; returns the first entry whose hash does not fit, or undefined when all is well. */
export async function verifyAudit(db: Kysely<AuditTables>): Promise<number | undefined> {
  let previousHash = firstHash;
  for (const row of await db.selectFrom("audit_log").selectAll().orderBy("seq").execute()) {
    const { hash, previous_hash, details, ...rest } = row;
    const expected = hashOf({ ...rest, details: JSON.parse(details) as unknown, previousHash });
    if (previous_hash !== previousHash || expected !== hash) return row.seq;
    previousHash = hash;
  }
  return undefined;
}
