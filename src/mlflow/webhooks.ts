import { randomUUID } from "node:crypto";
import { secretKey } from "../registry/webhooks/secret-key.ts";
import { testWebhook } from "../registry/webhooks/test-webhook.ts";
import type { Webhook, WebhookEvent } from "../registry/webhooks/types.ts";
import { changeWebhook, createWebhook, deleteWebhook, listWebhooks, readWebhook, type WebhookRules } from "../registry/webhooks/webhooks.ts";
import type { House } from "../stage.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { checkPageSize } from "./limits.ts";
import { integer, list, message, oneOf, orElse, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { offsetOf, pageOf } from "./page-token.ts";
import { changeBy } from "./registered-models.ts";

const path = "2.0/mlflow/webhooks";
const id = { webhook_id: required(string) };

/** The numbers of mlflow/protos/webhooks.proto. */
const entities = {
  REGISTERED_MODEL: 1, MODEL_VERSION: 2, MODEL_VERSION_TAG: 3, MODEL_VERSION_ALIAS: 4, PROMPT: 5, PROMPT_VERSION: 6, PROMPT_TAG: 7, PROMPT_VERSION_TAG: 8, PROMPT_ALIAS: 9, BUDGET_POLICY: 10,
} as const;
const actions = { CREATED: 1, UPDATED: 2, DELETED: 3, SET: 4, EXCEEDED: 5 } as const;
const event = message({ entity: required(oneOf(entities)), action: required(oneOf(actions)) });
const status = oneOf({ ACTIVE: 1, DISABLED: 2 });

const rulesOf = async (house: House): Promise<WebhookRules> => ({ allow: house.settings.webhookAllow, key: await secretKey(house.settings.home) });

const webhookMessage = (webhook: Webhook): object => ({
  webhook_id: webhook.id,
  name: webhook.name,
  description: webhook.description ?? undefined,
  url: webhook.url,
  events: webhook.events,
  status: webhook.status,
  creation_timestamp: webhook.createdAt,
  last_updated_timestamp: webhook.updatedAt,
});

const answer = async (house: House, webhookId: string): Promise<object> => ({ webhook: webhookMessage(await readWebhook(house.db, webhookId)) });

/** Empty counts as not given, as it does in protobuf. */
const given = <T extends string>(text: T | undefined): T | undefined => (text === "" ? undefined : text);

export const webhookRpcs: readonly Rpc[] = [
  rpc("POST", path, { name: required(string), url: required(string), events: required(list(event)), description: string, secret: string, status }, async (house, request) => {
    const { name, url, events, description, secret } = request;
    const fields = { name, url, events: events as WebhookEvent[], description: given(description), secret: given(secret), status: request.status ?? "ACTIVE" };
    const [webhookId, rules] = [randomUUID(), await rulesOf(house)];
    await writeTogether(house.db, (transaction) => createWebhook(transaction, webhookId, fields, rules, changeBy(house)));
    return answer(house, webhookId);
  }),
  rpc("GET", path, { max_results: orElse(integer, 100), page_token: string }, async (house, request) => {
    const size = checkPageSize(request.max_results, 1000);
    const offset = offsetOf(request.page_token);
    const { rows, next } = pageOf(await listWebhooks(house.db, { offset, limit: size + 1 }), offset, size);
    return { webhooks: rows.map(webhookMessage), next_page_token: next };
  }),
  rpc("GET", `${path}/:webhook_id`, id, async (house, { webhook_id }) => answer(house, webhook_id)),
  rpc("PATCH", `${path}/:webhook_id`, { ...id, name: string, url: string, events: list(event), description: string, secret: string, status }, async (house, request) => {
    const { webhook_id, name, url, events, description, secret } = request;
    const fields = {
      ...(given(name) && { name }),
      ...(given(url) && { url }),
      ...(events.length > 0 && { events: events as WebhookEvent[] }),
      ...(given(description) && { description }),
      ...(given(secret) && { secret }),
      ...(request.status && { status: request.status }),
    };
    const rules = await rulesOf(house);
    await writeTogether(house.db, (transaction) => changeWebhook(transaction, webhook_id, fields, rules, changeBy(house)));
    return answer(house, webhook_id);
  }),
  rpc("DELETE", `${path}/:webhook_id`, id, async (house, { webhook_id }) => {
    await writeTogether(house.db, (transaction) => deleteWebhook(transaction, webhook_id, changeBy(house)));
    return {};
  }),
  rpc("POST", `${path}/:webhook_id/test`, { ...id, event }, async (house, { webhook_id, event: asked }) => {
    const { success, status: answered, body, error } = await testWebhook(house, webhook_id, asked as WebhookEvent | undefined);
    return { result: { success, response_status: answered, response_body: body, error_message: error } };
  }),
];
