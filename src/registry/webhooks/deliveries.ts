import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { day } from "../../clock.ts";
import { lastAuditSeq, readAuditAfter } from "../../storage/audit.ts";
import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { lock, transact } from "../../storage/transactions.ts";
import { bodyOf, toldBy } from "./payload.ts";
import { webhookTables, type WebhookTables } from "./tables.ts";
import type { Delivery, WebhookEvent } from "./types.ts";
import { webhookRow } from "./webhooks.ts";

export type DeliveryRow = Selectable<WebhookTables["webhook_deliveries"]>;

/** How many entries of the audit log become deliveries in one transaction. */
const mostEntries = 200;
const keptFor = 30 * day;

/**
 * Makes deliveries of what the audit log holds beyond the cursor, and moves the cursor, in one transaction: a process that dies here has
 * done all of it or nothing. Returns whether there may be more. Of several servers that share the database one does it at a time.
 */
export async function queueDeliveries(db: Database, now: number): Promise<boolean> {
  return transact(db, async (transaction) => {
    await lock(transaction, "registry.webhooks");
    const tables = webhookTables(transaction);
    const cursor = await tables.selectFrom("webhook_cursor").select("seq").executeTakeFirst();
    const webhooks = await tables.selectFrom("webhooks").select(["id", "events", "status", "from_seq"]).execute();
    const active = webhooks.filter(({ status }) => status === "ACTIVE").map((webhook) => ({ ...webhook, events: JSON.parse(webhook.events) as WebhookEvent[] }));
    // What nobody is told of need not be read.
    const from = Math.max(cursor?.seq ?? 0, active.length === 0 ? await lastAuditSeq(transaction) : Math.min(...active.map((webhook) => webhook.from_seq)));
    const entries = await readAuditAfter(transaction, from, mostEntries);
    const rows = entries.flatMap((entry) => {
      const told = toldBy(entry);
      if (!told) return [];
      const { entity, action } = told;
      const to = active.filter((webhook) => webhook.from_seq < entry.seq && webhook.events.some((event) => event.entity === entity && event.action === action));
      return to.map(({ id }) => [randomUUID(), id, entry.seq, entity, action, bodyOf(told, entry.time), "waiting", now, 0, now]);
    });
    await insertRows(transaction, "webhook_deliveries", ["id", "webhook_id", "seq", "entity", "action", "payload", "state", "created_at", "attempts", "next_at"], rows);
    const seq = entries.at(-1)?.seq ?? from;
    if (seq !== cursor?.seq) {
      await tables.insertInto("webhook_cursor").values({ id: 1, seq }).onConflict((conflicting) => conflicting.column("id").doUpdateSet({ seq })).execute();
    }
    return entries.length === mostEntries;
  });
}

/** The webhooks whose next delivery is due. */
export async function dueWebhooks(db: Database, now: number): Promise<string[]> {
  const heads = webhookTables(db)
    .selectFrom("webhook_deliveries")
    .select(({ fn }) => ["webhook_id", fn.min("seq").as("seq")])
    .where("state", "=", "waiting")
    .groupBy("webhook_id");
  const rows = await webhookTables(db)
    .selectFrom("webhook_deliveries")
    .innerJoin(heads.as("heads"), (join) => join.onRef("heads.webhook_id", "=", "webhook_deliveries.webhook_id").onRef("heads.seq", "=", "webhook_deliveries.seq"))
    .innerJoin("webhooks", "webhooks.id", "webhook_deliveries.webhook_id")
    .select("webhooks.id")
    .where("next_at", "<=", now)
    .where("webhooks.status", "=", "ACTIVE")
    .execute();
  return rows.map(({ id }) => id);
}

/** Takes a webhook's deliveries upon oneself until then; false when another server has them. Whoever has them already takes them for longer. */
export async function takeWebhook(db: Database, id: string, server: string, now: number, until: number): Promise<boolean> {
  const taken = await webhookTables(db)
    .updateTable("webhooks")
    .set({ leased_by: server, leased_until: until })
    .where("id", "=", id)
    .where((where) => where.or([where("leased_by", "=", server), where("leased_until", "<=", now)]))
    .executeTakeFirstOrThrow();
  return taken.numUpdatedRows > 0n;
}

/** Leaves a webhook's deliveries to whoever comes next. */
export const leaveWebhook = (db: Database, id: string, server: string) =>
  webhookTables(db).updateTable("webhooks").set({ leased_by: null, leased_until: 0 }).where("id", "=", id).where("leased_by", "=", server).execute();

/** The delivery that goes out next: the others wait for it, so that they arrive in order. */
export const nextDelivery = (db: Database, webhook: string): Promise<DeliveryRow | undefined> =>
  webhookTables(db).selectFrom("webhook_deliveries").selectAll().where("webhook_id", "=", webhook).where("state", "=", "waiting").orderBy("seq").limit(1).executeTakeFirst();

/** Writes down how an attempt went; with `nextAt` it is tried again. */
export async function recordAttempt(
  db: Database,
  row: Pick<DeliveryRow, "id" | "webhook_id" | "attempts">,
  attempt: { readonly now: number; readonly status: number | null; readonly error: string | null; readonly nextAt: number | null },
): Promise<void> {
  const { now, status, error, nextAt } = attempt;
  const tables = webhookTables(db);
  const state = error === null ? "delivered" : nextAt === null ? "failed" : "waiting";
  await tables
    .updateTable("webhook_deliveries")
    .set({ state, attempts: row.attempts + 1, last_at: now, status, error, ...(nextAt === null ? { finished_at: now } : { next_at: nextAt }) })
    .where("id", "=", row.id)
    .where("state", "=", "waiting")
    .execute();
  if (nextAt === null) await tables.deleteFrom("webhook_deliveries").where("webhook_id", "=", row.webhook_id).where("finished_at", "<", now - keptFor).execute();
}

/** The newest first. Throws `registry.webhook_not_found`. */
export async function listDeliveries(db: Database, webhook: string, limit: number): Promise<Delivery[]> {
  await webhookRow(db, webhook);
  const rows = await webhookTables(db).selectFrom("webhook_deliveries").selectAll().where("webhook_id", "=", webhook).orderBy("seq", "desc").limit(limit).execute();
  return rows.map((row) => ({
    id: row.id,
    event: { entity: row.entity, action: row.action } as WebhookEvent,
    state: row.state,
    createdAt: row.created_at,
    attempts: row.attempts,
    lastAttemptAt: row.last_at,
    nextAttemptAt: row.state === "waiting" ? row.next_at : null,
    status: row.status,
    error: row.error,
  }));
}
