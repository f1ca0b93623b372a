import { describe, expect, test } from "vitest";
import { openProtocol, type Answer, type Protocol } from "../../test/open-protocol.ts";
import { openReceiver } from "../registry/fixtures/open-receiver.ts";
import { openDispatcher } from "../registry/webhooks/dispatcher.ts";

const events = [{ entity: "REGISTERED_MODEL", action: "CREATED" }];
const hook = { name: "mill", url: "https://example.com/hook", events };

const send = async ({ server }: Protocol, method: "PATCH" | "DELETE", path: string, body: unknown = {}): Promise<{ status: number; body: Answer }> => {
  const answer = await server.inject({ method, url: `/api/2.0/mlflow/${path}`, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
};

const made = async (protocol: Protocol, change: object = {}): Promise<string> => (await protocol.post("webhooks", { ...hook, ...change })).body.webhook.webhook_id as string;

test("a webhook is made, read, changed and deleted; its secret does not come back", async () => {
  const protocol = await openProtocol();
  const created = await protocol.post("webhooks", { ...hook, description: "tells", secret: "s3cret" });
  const id = created.body.webhook.webhook_id as string;
  const known = { webhook_id: id, name: "mill", description: "tells", url: "https://example.com/hook", events, status: "ACTIVE", creation_timestamp: 1000, last_updated_timestamp: 1000 };
  expect(created).toEqual({ status: 200, body: { webhook: known } });
  expect((await protocol.get(`webhooks/${id}`)).body).toEqual({ webhook: known });
  const both = [...events, { entity: "PROMPT", action: "CREATED" }];
  expect((await send(protocol, "PATCH", `webhooks/${id}`, { name: "mill-2", events: both, status: "DISABLED", description: "" })).body).toEqual({
    webhook: { ...known, name: "mill-2", events: both, status: "DISABLED", last_updated_timestamp: 1001 },
  });
  expect(await send(protocol, "DELETE", `webhooks/${id}`)).toEqual({ status: 200, body: {} });
  for (const answer of [await protocol.get(`webhooks/${id}`), await send(protocol, "PATCH", `webhooks/${id}`, { name: "x" }), await send(protocol, "DELETE", `webhooks/${id}`), await protocol.post(`webhooks/${id}/test`, {})]) {
    expect(answer).toEqual({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST", message: `Webhook with ID ${id} not found.` } });
  }
});

test("webhooks come in pages, the newest first", async () => {
  const protocol = await openProtocol();
  for (const name of ["a", "b", "c"]) {
    protocol.clock.advanceTo(protocol.clock.now() + 1);
    await made(protocol, { name });
  }
  const first = (await protocol.get("webhooks?max_results=2")).body;
  const second = (await protocol.get(`webhooks?max_results=2&page_token=${encodeURIComponent(first.next_page_token as string)}`)).body;
  expect([...first.webhooks, ...second.webhooks].map((one: { name: string }) => one.name)).toEqual(["c", "b", "a"]);
  expect(second).not.toHaveProperty("next_page_token");
  expect(await protocol.get("webhooks?max_results=1001")).toMatchObject({ status: 400 });
});

test.each([
  [{ name: undefined }, "Missing value for required parameter 'name'"],
  [{ url: undefined }, "Missing value for required parameter 'url'"],
  [{ events: [] }, "Missing value for required parameter 'events'"],
  [{ events: [{ entity: "MODEL", action: "CREATED" }] }, "events"],
  [{ events: [{ entity: "MODEL_VERSION", action: "DELETED" }] }, "Invalid action 'deleted' for entity 'model_version'. Valid actions are: ['created']"],
  [{ events: [{ entity: "BUDGET_POLICY", action: "EXCEEDED" }] }, "Invalid action 'exceeded' for entity 'budget_policy'. Valid actions are: []"],
  [{ name: "-mill" }, "Webhook name '-mill' is invalid"],
  [{ name: "m".repeat(64) }, "less than 63 characters"],
  [{ name: "mill\n" }, "is invalid"],
  [{ url: "   " }, "cannot be empty or just whitespace"],
  [{ url: "http://example.com" }, "Invalid webhook URL scheme: 'http'"],
  [{ url: "https://169.254.169.254/latest" }, "must not resolve to a non-public IP address"],
  [{ secret: "s".repeat(5001) }, "5000"],
])("a webhook with %j is refused", async (change, message) => {
  const protocol = await openProtocol();
  expect(await protocol.post("webhooks", { ...hook, ...change })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(message) as string } });
  const id = await made(protocol);
  if (Object.values(change)[0] !== undefined && !("events" in change && change.events.length === 0)) expect(await send(protocol, "PATCH", `webhooks/${id}`, change)).toMatchObject({ status: 400 });
});

describe("a receiver", () => {
  test("is told of what the registry did, and the log of it is readable", async () => {
    const receiver = await openReceiver((_request, response, index) => void response.writeHead(index === 0 ? 503 : 200).end());
    const protocol = await openProtocol({ webhookAllow: ["localhost"] });
    const id = await made(protocol, { url: receiver.url, secret: "s3cret" });
    await protocol.post("registered-models/create", { name: "mill", tags: [{ key: "team", value: "water" }] });
    const dispatcher = openDispatcher(protocol.house, { server: "here", random: () => 0 });
    await dispatcher.run();
    protocol.clock.advanceTo(2000);
    await dispatcher.run();
    expect(receiver.received.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
      [1, 2].map(() => ({ entity: "registered_model", action: "created", timestamp: "1970-01-01T00:00:01.000+00:00", data: { name: "mill", tags: { team: "water" }, description: "" } })),
    );
    const [first, second] = receiver.received.map(({ headers }) => headers);
    expect(second["x-mlflow-delivery-id"]).toBe(first["x-mlflow-delivery-id"]);
    expect([first["x-mlflow-timestamp"], second["x-mlflow-timestamp"]]).toEqual(["1", "2"]);
    expect((await protocol.get(`/api/registry/webhooks/${id}/deliveries`)).body).toEqual({
      deliveries: [
        { id: first["x-mlflow-delivery-id"], event: events[0], state: "delivered", createdAt: 1000, attempts: 2, lastAttemptAt: 2000, nextAttemptAt: null, status: 200, error: null },
      ],
    });
  });

  test("can be tried: an example, once, and its answer", async () => {
    const receiver = await openReceiver((_request, response, index) => void response.writeHead(index === 0 ? 200 : 418).end("tea"));
    const protocol = await openProtocol({ webhookAllow: ["localhost"] });
    const id = await made(protocol, { url: receiver.url });
    expect((await protocol.post(`webhooks/${id}/test`, {})).body).toEqual({ result: { success: true, response_status: 200, response_body: "tea" } });
    expect((await protocol.post(`webhooks/${id}/test`, { event: { entity: "MODEL_VERSION_TAG", action: "SET" } })).body).toEqual({ result: { success: false, response_status: 418, response_body: "tea" } });
    expect(receiver.received.map(({ body }) => (JSON.parse(body) as { data: object }).data)).toEqual([
      { name: "example_model", tags: { example_key: "example_value" }, description: "An example registered model" },
      { name: "example_model", version: "1", key: "example_key", value: "example_value" },
    ]);
    await send(protocol, "PATCH", `webhooks/${id}`, { url: "http://localhost:1/" });
    expect((await protocol.post(`webhooks/${id}/test`, {})).body).toMatchObject({ result: { success: false, error_message: expect.stringContaining("ECONNREFUSED") as string } });
  });
});
