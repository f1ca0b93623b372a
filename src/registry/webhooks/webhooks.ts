import type { Selectable } from "kysely";
import { conflict, invalid, notFound } from "../../errors.ts";
import { appendAudit, lastAuditSeq } from "../../storage/audit.ts";
import type { Database } from "../../storage/database.ts";
import type { Change } from "../models.ts";
import type { SecretKey } from "./secret-key.ts";
import { webhookTables, type WebhookTables } from "./tables.ts";
import { checkTarget } from "./target.ts";
import { webhookEvents, type Webhook, type WebhookEvent, type WebhookStatus } from "./types.ts";

export type WebhookRow = Selectable<WebhookTables["webhooks"]>;

/** What a webhook is made of, or what of it is changed. */
export interface WebhookFields {
  readonly name: string;
  readonly description: string | undefined;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly secret: string | undefined;
  readonly status: WebhookStatus;
}

export interface WebhookRules {
  readonly allow: readonly string[];
  readonly key: SecretKey;
}

const mostWebhooks = 1000;

/** Adds a webhook; it is told of what is changed from now on. Call it in a transaction. Throws `registry.bad_webhook`, `registry.too_many_webhooks`. */
export async function createWebhook(transaction: Database, id: string, fields: WebhookFields, rules: WebhookRules, change: Change): Promise<void> {
  check(fields, rules);
  const tables = webhookTables(transaction);
  const { count } = await tables.selectFrom("webhooks").select(({ fn }) => fn.countAll<number | string>().as("count")).executeTakeFirstOrThrow();
  if (Number(count) >= mostWebhooks) throw conflict("registry.too_many_webhooks", `There are ${mostWebhooks} webhooks already; delete some`);
  await audit(transaction, id, "registry.webhook_created", change, { name: fields.name, events: fields.events, status: fields.status });
  await tables
    .insertInto("webhooks")
    .values({
      id,
      name: fields.name,
      description: fields.description ?? null,
      url: fields.url,
      events: JSON.stringify(unique(fields.events)),
      ...sealed(fields.secret, id, rules.key),
      status: fields.status,
      created_at: change.time,
      updated_at: change.time,
      from_seq: await lastAuditSeq(transaction),
      leased_by: null,
      leased_until: 0,
    })
    .execute();
}

/** Changes what is given. Throws `registry.webhook_not_found`, `registry.bad_webhook`. */
export async function changeWebhook(transaction: Database, id: string, fields: Partial<WebhookFields>, rules: WebhookRules, change: Change): Promise<void> {
  const row = await webhookRow(transaction, id);
  check(fields, rules);
  const { name, description, url, events, status, secret } = fields;
  await webhookTables(transaction)
    .updateTable("webhooks")
    .set({
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(url === undefined ? {} : { url }),
      ...(events === undefined ? {} : { events: JSON.stringify(unique(events)) }),
      ...(status === undefined ? {} : { status }),
      ...(secret === undefined ? {} : sealed(secret, id, rules.key)),
      updated_at: Math.max(change.time, row.updated_at + 1),
    })
    .where("id", "=", id)
    .execute();
  const changed = Object.entries(fields).filter(([, value]) => value !== undefined).map(([field]) => field);
  await audit(transaction, id, "registry.webhook_changed", change, { name: name ?? row.name, changed });
}

/** Deletes a webhook and what is on its way to it. Throws `registry.webhook_not_found`. */
export async function deleteWebhook(transaction: Database, id: string, change: Change): Promise<void> {
  const row = await webhookRow(transaction, id);
  await webhookTables(transaction).deleteFrom("webhook_deliveries").where("webhook_id", "=", id).execute();
  await webhookTables(transaction).deleteFrom("webhooks").where("id", "=", id).execute();
  await audit(transaction, id, "registry.webhook_deleted", change, { name: row.name });
}

export const readWebhook = async (db: Database, id: string): Promise<Webhook> => webhookOf(await webhookRow(db, id));

/** The newest first. */
export async function listWebhooks(db: Database, page: { readonly offset: number; readonly limit: number }): Promise<Webhook[]> {
  const rows = await webhookTables(db).selectFrom("webhooks").selectAll().orderBy("created_at", "desc").orderBy("id").limit(page.limit).offset(page.offset).execute();
  return rows.map(webhookOf);
}

/** Throws `registry.webhook_not_found`. */
export async function webhookRow(db: Database, id: string): Promise<WebhookRow> {
  const row = await webhookTables(db).selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  if (row) return row;
  throw notFound("registry.webhook_not_found", `Webhook with ID ${id} not found.`);
}

/** The secret a webhook signs with; null for one that does not sign. Throws `registry.webhook_key` when it was kept with another key than this one. */
export function secretOf(row: Pick<WebhookRow, "id" | "name" | "secret" | "secret_key">, key: SecretKey): string | null {
  if (row.secret === null) return null;
  if (row.secret_key === key.name) return key.open(row.secret, row.id);
  throw conflict("registry.webhook_key", `The secret of the webhook ${row.name} was kept with another key than this home folder's; copy webhook-secrets.key from the home folder that has it, or set the secret anew`);
}

const webhookOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  name: row.name,
  description: row.description,
  url: row.url,
  events: JSON.parse(row.events) as WebhookEvent[],
  status: row.status,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const sealed = (secret: string | undefined, id: string, key: SecretKey) =>
  secret === undefined ? { secret: null, secret_key: null } : { secret: key.seal(secret, id), secret_key: key.name };

/** The rules of MLflow, and its words (mlflow/utils/validation.py). */
function check({ name, url, events, description, secret }: Partial<WebhookFields>, { allow }: WebhookRules): void {
  if (name !== undefined && !/^(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(name)) {
    throw invalid(
      "registry.bad_webhook",
      `Webhook name '${name.slice(0, 100)}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
    );
  }
  if (url !== undefined) checkTarget(url, allow);
  if (events?.length === 0) throw invalid("registry.bad_webhook", "Webhook events must be a non-empty list of WebhookEvent objects: [].");
  for (const event of events ?? []) checkEvent(event);
  for (const [what, text] of [["description", description], ["secret", secret]] as const) {
    if (text !== undefined && text.length > 5000) throw invalid("registry.bad_webhook", `A webhook's ${what} may have 5000 characters; this one has ${text.length}`);
  }
}

/** Whether this happens at all. Throws `registry.bad_webhook`. */
export function checkEvent({ entity, action }: { readonly entity: string; readonly action: string }): void {
  const actions: readonly string[] = Object.hasOwn(webhookEvents, entity) ? webhookEvents[entity as keyof typeof webhookEvents] : [];
  if (actions.includes(action)) return;
  const valid = actions.map((one) => `'${one.toLowerCase()}'`).toSorted().join(", ");
  throw invalid("registry.bad_webhook", `Invalid action '${action.toLowerCase()}' for entity '${entity.toLowerCase()}'. Valid actions are: [${valid}]`);
}

const unique = (events: readonly WebhookEvent[]): WebhookEvent[] => [...new Map(events.map((event) => [`${event.entity}.${event.action}`, event])).values()];

/** The address is not repeated there: it may hold a token. */
const audit = (transaction: Database, id: string, action: string, { time, actor, reason }: Change, details: Readonly<Record<string, unknown>>): Promise<void> =>
  appendAudit(transaction, { time, actor, action, object: `webhook/${id}`, reason: reason ?? "", details });
