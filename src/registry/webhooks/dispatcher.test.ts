import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { virtualClock } from "../../clock.ts";
import { openLog } from "../../log.ts";
import type { House } from "../../stage.ts";
import { readAudit } from "../../storage/audit.ts";
import { moveAlias, removeAlias } from "../aliases.ts";
import { openRegistry, newVersion } from "../fixtures/open-registry.ts";
import { createModel, deleteModelTag, setModelTag } from "../models.ts";
import { registerVersion } from "../registry.ts";
import { createVersion, deleteVersionTag, setVersionTag } from "../versions.ts";
import { listDeliveries, takeWebhook } from "./deliveries.ts";
import { openDispatcher, waitAfter } from "./dispatcher.ts";
import { secretKey } from "./secret-key.ts";
import type { Message, Sent } from "./send.ts";
import { webhookEvents, type WebhookEntity, type WebhookEvent } from "./types.ts";
import { changeWebhook, createWebhook, deleteWebhook, readWebhook, type WebhookFields } from "./webhooks.ts";

const all = Object.entries(webhookEvents).flatMap(([entity, actions]) => actions.map((action) => ({ entity: entity as WebhookEntity, action }))) as WebhookEvent[];
const models: WebhookEvent[] = [{ entity: "REGISTERED_MODEL", action: "CREATED" }];

const well: Sent = { status: 200, body: "", retryAfter: undefined };
const down: Sent = { status: 503, body: "", retryAfter: undefined };

/** A registry with webhooks at `https://NAME.example/`, and what was posted to them; each post is answered by the plan of its webhook, or well. */
async function openHooks(hooks: Readonly<Record<string, Partial<WebhookFields>>>, plans: Readonly<Record<string, readonly Sent[]>> = {}) {
  const db = await openRegistry();
  const clock = virtualClock(1_700_000_000_000);
  const home = await temporaryFolder();
  const rules = { allow: [], key: await secretKey(home) };
  const posted: (Message & { readonly hook: string })[] = [];
  const house = { db, clock, log: openLog("silent", "test"), settings: { home, webhookAllow: [] } } as unknown as House;
  const left = new Map(Object.entries(plans).map(([hook, plan]) => [hook, [...plan]]));
  const post = (message: Message): Promise<Sent> => {
    const hook = new URL(message.url).hostname.split(".")[0];
    posted.push({ ...message, hook });
    return Promise.resolve(left.get(hook)?.shift() ?? well);
  };
  const change = () => ({ time: clock.now(), actor: "ada" });
  for (const [id, fields] of Object.entries(hooks)) {
    const whole = { name: id, url: `https://${id}.example/`, events: all, description: undefined, secret: undefined, status: "ACTIVE", ...fields } as const;
    await db.transaction().execute((transaction) => createWebhook(transaction, id, whole, rules, change()));
  }
  const dispatcherOf = (server: string) => openDispatcher(house, { server, post, random: () => 0 });
  return { db, clock, home, house, rules, posted, post, change, dispatcherOf, dispatcher: dispatcherOf("a"), bodies: () => posted.map(({ payload }) => JSON.parse(payload) as { entity: string; action: string; timestamp: string; data: object }) };
}

test("every event of a model, as MLflow tells it, in order", async () => {
  const { db, change, dispatcher, bodies } = await openHooks({ w: {} });
  await createModel(db, { name: "mill", tags: new Map([["team", "water"]]), ...change() });
  await createVersion(db, { model: "mill", source: "s3://b/m", storage: "s3://b/m", runId: "r", tags: new Map([["k", "v"]]), description: "first", ...change() });
  await setVersionTag(db, "mill", 1, "k", "w", change());
  await deleteVersionTag(db, "mill", 1, "k", change());
  await moveAlias(db, { model: "mill", alias: "best", version: 1, reason: "", ...change() });
  await removeAlias(db, { model: "mill", alias: "best", reason: "", ...change() });
  await setModelTag(db, "mill", "no", "event", change());
  await registerVersion(db, newVersion("mill", "p1"));
  await dispatcher.run();
  const timestamp = "2023-11-14T22:13:20.000+00:00";
  expect(bodies()).toEqual([
    { entity: "registered_model", action: "created", timestamp, data: { name: "mill", tags: { team: "water" }, description: "" } },
    { entity: "model_version", action: "created", timestamp, data: { name: "mill", version: "1", source: "s3://b/m", run_id: "r", tags: { k: "v" }, description: "first" } },
    { entity: "model_version_tag", action: "set", timestamp, data: { name: "mill", version: "1", key: "k", value: "w" } },
    { entity: "model_version_tag", action: "deleted", timestamp, data: { name: "mill", version: "1", key: "k" } },
    { entity: "model_version_alias", action: "created", timestamp, data: { name: "mill", alias: "best", version: "1" } },
    { entity: "model_version_alias", action: "deleted", timestamp, data: { name: "mill", alias: "best" } },
    { entity: "model_version", action: "created", timestamp: "1970-01-01T00:00:00.100+00:00", data: { name: "mill", version: "2", source: "runs:/p1/model", run_id: "p1", tags: {}, description: null } },
  ]);
});

test("a prompt is told as a prompt", async () => {
  const { db, change, dispatcher, bodies } = await openHooks({ w: {} });
  const prompt = ["mlflow.prompt.is_prompt", "true"] as const;
  await createModel(db, { name: "ask", tags: new Map([prompt, ["_mlflow_prompt_type", "text"], ["a", "b"]]), description: "asks", ...change() });
  await createVersion(db, { model: "ask", source: "x", storage: "x", tags: new Map([prompt, ["mlflow.prompt.text", "Hello {{name}}"], ["v", "1"]]), ...change() });
  await setModelTag(db, "ask", "k", "v", change());
  await deleteModelTag(db, "ask", "k", change());
  await setVersionTag(db, "ask", 1, "k", "v", change());
  await deleteVersionTag(db, "ask", 1, "k", change());
  await moveAlias(db, { model: "ask", alias: "live", version: 1, reason: "", ...change() });
  await removeAlias(db, { model: "ask", alias: "live", reason: "", ...change() });
  await dispatcher.run();
  expect(bodies().map(({ entity, action, data }) => [entity, action, data])).toEqual([
    ["prompt", "created", { name: "ask", tags: { a: "b" }, description: "asks" }],
    ["prompt_version", "created", { name: "ask", version: "1", template: "Hello {{name}}", tags: { v: "1" }, description: null }],
    ["prompt_tag", "set", { name: "ask", key: "k", value: "v" }],
    ["prompt_tag", "deleted", { name: "ask", key: "k" }],
    ["prompt_version_tag", "set", { name: "ask", version: "1", key: "k", value: "v" }],
    ["prompt_version_tag", "deleted", { name: "ask", version: "1", key: "k" }],
    ["prompt_alias", "created", { name: "ask", alias: "live", version: "1" }],
    ["prompt_alias", "deleted", { name: "ask", alias: "live" }],
  ]);
});

test("a webhook is told what it asked for, since it is there, while it is active", async () => {
  const { db, change, dispatcher, posted, rules } = await openHooks({ early: { events: models }, versions: { events: [{ entity: "MODEL_VERSION", action: "CREATED" }] }, off: { status: "DISABLED" } });
  await createModel(db, { name: "one", ...change() });
  await createWebhook(db, "late", { name: "late", url: "https://late.example/", events: models, description: undefined, secret: undefined, status: "ACTIVE" }, rules, change());
  await createModel(db, { name: "two", ...change() });
  await dispatcher.run();
  expect(posted.map(({ hook, payload }) => `${hook} ${(JSON.parse(payload) as { data: { name: string } }).data.name}`).toSorted()).toEqual(["early one", "early two", "late two"]);
  await changeWebhook(db, "off", { status: "ACTIVE" }, rules, change());
  await createModel(db, { name: "three", ...change() });
  await dispatcher.run();
  expect(posted.filter(({ hook }) => hook === "off").map(({ payload }) => (JSON.parse(payload) as { data: { name: string } }).data.name)).toEqual(["three"]);
});

describe("what does not arrive", () => {
  test("is sent again with the same id and body, later and later; what comes behind it waits, other webhooks do not", async () => {
    const { db, clock, change, dispatcher, posted } = await openHooks({ w: {}, v: {} }, { w: [down, { status: null, error: "reset", final: false }, down] });
    await createModel(db, { name: "one", ...change() });
    await createModel(db, { name: "two", ...change() });
    await dispatcher.run();
    const toW = () => posted.filter(({ hook }) => hook === "w");
    expect([toW().length, posted.length - toW().length]).toEqual([1, 2]);
    expect(await listDeliveries(db, "w", 10)).toMatchObject([{ state: "waiting", attempts: 0 }, { state: "waiting", attempts: 1, status: 503, error: "answered 503", nextAttemptAt: clock.now() + 1000 }]);
    for (const [after, count] of [[999, 1], [1, 2], [1999, 2], [1, 3], [3999, 3], [1, 5]] as const) {
      clock.advanceTo(clock.now() + after);
      await dispatcher.run();
      expect(toW()).toHaveLength(count);
    }
    expect(new Set(toW().slice(0, 4).map(({ deliveryId, payload }) => deliveryId + payload)).size).toBe(1);
    expect(toW().map(({ timestamp }) => timestamp - toW()[0].timestamp)).toEqual([0, 1, 3, 7, 7]);
    expect(await listDeliveries(db, "w", 10)).toMatchObject([{ state: "delivered", attempts: 1 }, { state: "delivered", attempts: 4, status: 200, error: null, nextAttemptAt: null }]);
  });

  test.each([
    ["a client's error", { status: 401, body: "", retryAfter: undefined }, "answered 401"],
    ["a redirect", { status: 302, body: "", retryAfter: undefined }, "answered 302: redirects are not followed"],
    ["an address inside", { status: null, error: "not public", final: true }, "not public"],
  ] as const)("%s is not tried again", async (_, answer, error) => {
    const { db, clock, change, dispatcher, posted } = await openHooks({ w: {} }, { w: [answer] });
    await createModel(db, { name: "one", ...change() });
    await dispatcher.run();
    clock.advanceTo(clock.now() + 1e7);
    await dispatcher.run();
    expect(posted).toHaveLength(1);
    expect(await listDeliveries(db, "w", 10)).toMatchObject([{ state: "failed", attempts: 1, error, nextAttemptAt: null }]);
  });

  test("is given up after an hour, and after three tries when nobody was there to send it", async () => {
    const { db, clock, change, dispatcher, posted } = await openHooks({ w: {} }, { w: Array.from({ length: 100 }, () => down) });
    await createModel(db, { name: "one", ...change() });
    for (let minutes = 0; minutes < 70; minutes++) {
      await dispatcher.run();
      clock.advanceTo(clock.now() + 60_000);
    }
    const [{ attempts }] = await listDeliveries(db, "w", 1);
    expect(await listDeliveries(db, "w", 1)).toMatchObject([{ state: "failed", status: 503 }]);
    expect(attempts).toBeGreaterThan(10);
    await createModel(db, { name: "two", ...change() });
    await dispatcher.run();
    clock.advanceTo(clock.now() + 1e8);
    for (let tries = 0; tries < 5; tries++) {
      await dispatcher.run();
      clock.advanceTo(clock.now() + 300_000);
    }
    expect(await listDeliveries(db, "w", 1)).toMatchObject([{ state: "failed", attempts: 3 }]);
    expect(posted).toHaveLength(attempts + 3);
  });

  test.each<[string, Sent, number, number, number]>([
    ["the first time", down, 0, 0, 1000],
    ["the fourth time, by chance", down, 3, 0.5, 12_000],
    ["the hundredth time", down, 99, 0, 300_000],
    ["told in seconds", { status: 429, body: "", retryAfter: "7" }, 0, 0, 7000],
    ["told a date", { status: 503, body: "", retryAfter: new Date(1_700_000_030_000).toUTCString() }, 0, 0, 30_000],
    ["told a date that is over", { status: 503, body: "", retryAfter: new Date(0).toUTCString() }, 0, 0, 0],
    ["told to wait for a year", { status: 429, body: "", retryAfter: "31536000" }, 0, 0, 3_600_000],
    ["told nonsense", { status: 429, body: "", retryAfter: "soon" }, 0, 0, 1000],
  ])("waits %s", (_, sent, attempts, chance, wait) => expect(waitAfter(sent, attempts, 1_700_000_000_000, chance)).toBe(wait));
});

test("a process that dies after it has sent sends again, under the same id", async () => {
  const { db, clock, change, house, posted, post, dispatcherOf } = await openHooks({ w: {} });
  await createModel(db, { name: "one", ...change() });
  // It never learns how the attempt went.
  void openDispatcher(house, { server: "a", post: (message) => (void post(message), new Promise(() => undefined)) }).run();
  while (posted.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await dispatcherOf("b").run();
  expect(posted).toHaveLength(1);
  clock.advanceTo(clock.now() + 60_000);
  await dispatcherOf("b").run();
  expect(posted.map(({ deliveryId }) => deliveryId)).toEqual([posted[0].deliveryId, posted[0].deliveryId]);
});

test("two servers never send to one webhook at once", async () => {
  const { db, clock, change, posted, dispatcherOf } = await openHooks({ w: {} });
  for (let index = 0; index < 20; index++) await createModel(db, { name: `m${index}`, ...change() });
  await Promise.all(["a", "b"].map((server) => dispatcherOf(server).run()));
  await dispatcherOf("a").run();
  expect(posted.map(({ payload }) => (JSON.parse(payload) as { data: { name: string } }).data.name)).toEqual(Array.from({ length: 20 }, (_, index) => `m${index}`));
  expect(await takeWebhook(db, "w", "a", clock.now(), clock.now() + 10)).toBe(true);
  expect(await takeWebhook(db, "w", "b", clock.now(), clock.now() + 10)).toBe(false);
  expect(await takeWebhook(db, "w", "b", clock.now() + 10, clock.now() + 20)).toBe(true);
});

describe("a secret", () => {
  test("signs, and is neither in the audit log nor in what is read; nor is the address in the log", async () => {
    const { db, change, dispatcher, posted } = await openHooks({ w: { secret: "s3cret", url: "https://w.example/token-1" } });
    await createModel(db, { name: "one", ...change() });
    await dispatcher.run();
    expect(posted[0].secret).toBe("s3cret");
    const entries = JSON.stringify(await readAudit(db, { object: "webhook/w" }));
    expect(entries).toContain("registry.webhook_created");
    expect(entries + JSON.stringify(await readWebhook(db, "w"))).not.toContain("s3cret");
    expect(entries).not.toContain("token-1");
  });

  test("whose key is lost is not replaced by none: the delivery fails and says so", async () => {
    const { db, clock, change, house, post, posted } = await openHooks({ w: { secret: "s3cret" } });
    await createModel(db, { name: "one", ...change() });
    const dispatcher = openDispatcher({ ...house, settings: { ...house.settings, home: await temporaryFolder() } }, { server: "a", post });
    await dispatcher.run();
    // Where several servers share the database, one that has the key is waited for.
    clock.advanceTo(clock.now() + 3_600_000);
    await dispatcher.run();
    expect(posted).toEqual([]);
    expect(await listDeliveries(db, "w", 1)).toMatchObject([{ state: "failed", error: expect.stringContaining("webhook-secrets.key") as string }]);
  });
});

test("a webhook that is deleted takes what was on its way with it", async () => {
  const { db, change, dispatcher, posted } = await openHooks({ w: {} }, { w: [down] });
  await createModel(db, { name: "one", ...change() });
  await dispatcher.run();
  await deleteWebhook(db, "w", change());
  await dispatcher.run();
  expect(posted).toHaveLength(1);
  await expect(listDeliveries(db, "w", 1)).rejects.toMatchObject({ code: "registry.webhook_not_found" });
});
