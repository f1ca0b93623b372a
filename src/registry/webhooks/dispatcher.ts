import { describeError } from "../../errors.ts";
import type { House } from "../../stage.ts";
import { holdsOf } from "../../storage/holds.ts";
import { dueWebhooks, leaveWebhook, nextDelivery, queueDeliveries, recordAttempt, takeWebhook, type DeliveryRow } from "./deliveries.ts";
import { secretKey } from "./secret-key.ts";
import { send, type Message, type Sent } from "./send.ts";
import { secretOf, webhookRow, type WebhookRow } from "./webhooks.ts";

/** How often it looks for what is new or due, when nothing is under way (ms). */
const everyMs = 500;
/** How long an attempt may take, and how long a server keeps a webhook to itself without a word (ms). */
const attemptMs = 10_000;
const leaseMs = 60_000;
const mostAtOnce = 16;

const longestWait = 300_000;
const longestRetryAfter = 3_600_000;
/** A delivery is given up when it is this old, but not before it was tried three times: after a long standstill each gets its chances. */
const patience = 3_600_000;
const leastTries = 3;

export interface DispatcherOptions {
  /** Tells servers that share a database apart. */
  readonly server: string;
  readonly post?: (message: Message) => Promise<Sent>;
  /** Once it says so, what is under way is broken off and not written down: it is sent again at the next start. */
  readonly stop?: AbortSignal;
  /** A number from 0 to 1 that spreads retries in time. */
  readonly random?: () => number;
}

export interface Dispatcher {
  /** Sends what is due now, and what becomes due behind it; ends when nothing is. */
  readonly run: () => Promise<void>;
}

/**
 * Sends what webhooks are to be told, each in order and at least once: an attempt is written down after it was made, so that a process which
 * dies between the two makes it again, under the same id. A webhook that cannot be reached keeps nobody else waiting.
 */
export function openDispatcher(house: Pick<House, "db" | "clock" | "log" | "settings">, options: DispatcherOptions): Dispatcher {
  const { db, clock, log, settings } = house;
  const { server, stop, random = Math.random } = options;
  const post = options.post ?? ((message) => send(message, { allow: settings.webhookAllow, timeout: attemptMs, signal: stop }));

  const attempt = async (webhook: WebhookRow, row: DeliveryRow): Promise<void> => {
    const key = await secretKey(settings.home);
    const old = clock.now() - row.created_at >= patience;
    const mine = webhook.secret_key === null || webhook.secret_key === key.name;
    // Another server may have its key.
    const sent: Sent | undefined = mine
      ? await post({ url: webhook.url, deliveryId: row.id, timestamp: Math.floor(clock.now() / 1000), payload: row.payload, secret: secretOf(webhook, key) })
      : holdsOf(db).shared && !old ? undefined
      : { status: null, error: "no server has the key that the webhook's secret was kept with (webhook-secrets.key)", final: true };
    if (sent === undefined || stop?.aborted) return;
    const now = clock.now();
    const error = errorOf(sent);
    const again = error !== null && mayBeRetried(sent) && (!old || row.attempts + 1 < leastTries);
    await recordAttempt(db, row, { now, status: sent.status, error, nextAt: again ? now + waitAfter(sent, row.attempts, now, random()) : null });
    if (error !== null && !again) log.warn({ webhook: webhook.id, delivery: row.id, attempts: row.attempts + 1 }, `A delivery to the webhook ${webhook.name} was given up: ${error}`);
  };

  const drain = async (id: string): Promise<void> => {
    try {
      while (!stop?.aborted) {
        if (!(await takeWebhook(db, id, server, clock.now(), clock.now() + leaseMs))) return;
        const row = await nextDelivery(db, id);
        if (!row || row.next_at > clock.now()) break;
        const webhook = await webhookRow(db, id).catch(() => undefined);
        if (webhook?.status !== "ACTIVE") break;
        const before = row.attempts;
        await attempt(webhook, row);
        const after = await nextDelivery(db, id);
        if (after?.id === row.id && after.attempts === before) break;
      }
      await leaveWebhook(db, id, server);
    } catch (error) {
      log.error({ err: error, webhook: id }, `The deliveries of a webhook stopped: ${describeError(error)}`);
    }
  };

  const busy = new Map<string, Promise<void>>();
  return {
    run: async () => {
      while (await queueDeliveries(db, clock.now())) continue;
      const due = (await dueWebhooks(db, clock.now())).filter((id) => !busy.has(id)).slice(0, mostAtOnce - busy.size);
      const started = due.map((id) => {
        const draining = drain(id).finally(() => busy.delete(id));
        busy.set(id, draining);
        return draining;
      });
      await Promise.all(started);
    },
  };
}

/** Keeps dispatching until it is stopped. */
export function startDispatching(house: House, server: string): () => Promise<void> {
  const stop = new AbortController();
  const dispatcher = openDispatcher(house, { server, stop: stop.signal });
  let failing = false;
  const rounds = new Set<Promise<void>>();
  const look = async (): Promise<void> => {
    try {
      await dispatcher.run();
      failing = false;
    } catch (error) {
      // Once for as long as it lasts: what is due stays in the database.
      if (!failing) house.log.error({ err: error }, `Webhooks are not sent: ${describeError(error)}`);
      failing = true;
    }
  };
  // A round that waits for a slow webhook does not keep the next from seeing to the others.
  const timer = setInterval(() => {
    if (rounds.size > mostAtOnce) return;
    const round = look().finally(() => rounds.delete(round));
    rounds.add(round);
  }, everyMs).unref();
  return async () => {
    stop.abort();
    clearInterval(timer);
    await Promise.all(rounds);
  };
}

/** What was wrong with an attempt; null when it arrived. */
export function errorOf(sent: Sent): string | null {
  if (sent.status === null) return sent.error;
  if (sent.status >= 200 && sent.status < 300) return null;
  if (sent.status >= 300 && sent.status < 400) return `answered ${sent.status}: redirects are not followed`;
  return `answered ${sent.status}`;
}

/** As MLflow: too many requests, a server's failure, no answer. What else is refused would be refused again. */
const mayBeRetried = (sent: Sent): boolean => (sent.status === null ? !sent.final : sent.status === 429 || sent.status >= 500);

/** Doubled from one second up to five minutes, with up to as much again by chance; a Retry-After is kept to, up to an hour (RFC 9110, 10.2.3: seconds or a date). */
export function waitAfter(sent: Sent, attempts: number, now: number, chance: number): number {
  const backoff = Math.min(1000 * 2 ** Math.min(attempts, 20), longestWait) * (1 + chance);
  if (sent.status === null || sent.retryAfter === undefined) return Math.round(backoff);
  const asked = /^\d+$/.test(sent.retryAfter.trim()) ? Number(sent.retryAfter) * 1000 : Date.parse(sent.retryAfter) - now;
  return Number.isNaN(asked) ? Math.round(backoff) : Math.round(Math.min(Math.max(asked, 0), longestRetryAfter) + 1000 * chance);
}
