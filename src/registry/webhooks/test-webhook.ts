import { randomUUID } from "node:crypto";
import type { House } from "../../stage.ts";
import { errorOf } from "./dispatcher.ts";
import { bodyOf, exampleOf } from "./payload.ts";
import { secretKey } from "./secret-key.ts";
import { send } from "./send.ts";
import type { WebhookEvent } from "./types.ts";
import { checkEvent, secretOf, webhookRow } from "./webhooks.ts";

export interface WebhookTest {
  readonly success: boolean;
  readonly status: number | null;
  /** Of the answer, at most 64 KB. */
  readonly body: string | null;
  /** Why there was no answer. */
  readonly error: string | null;
}

/** Sends a webhook an example of an event (its first one by default), once, and tells how it was answered. Throws `registry.webhook_not_found`, `registry.webhook_key`. */
export async function testWebhook(house: House, id: string, event?: WebhookEvent): Promise<WebhookTest> {
  const row = await webhookRow(house.db, id);
  if (event) checkEvent(event);
  const now = house.clock.now();
  const payload = bodyOf(exampleOf(event ?? (JSON.parse(row.events) as WebhookEvent[])[0]), now);
  const secret = secretOf(row, await secretKey(house.settings.home));
  const sent = await send({ url: row.url, deliveryId: randomUUID(), timestamp: Math.floor(now / 1000), payload, secret }, { allow: house.settings.webhookAllow });
  return sent.status === null ? { success: false, status: null, body: null, error: sent.error } : { success: errorOf(sent) === null, status: sent.status, body: sent.body, error: null };
}
